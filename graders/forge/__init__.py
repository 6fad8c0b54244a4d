"""The local stand-in for GitHub: protected main and pull requests, in a bare repository."""

import os

# GitPython can't even be imported where git is missing, unless told so; we say it in our own words, when git is called.
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
