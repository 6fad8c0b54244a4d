"""`python -m graders.pipelines ORIGIN`: read what has happened in a forge, run what that starts, and end."""

import sys
from pathlib import Path

from graders.pipelines.runner import serve

if __name__ == "__main__":
    serve(Path(sys.argv[1]))
