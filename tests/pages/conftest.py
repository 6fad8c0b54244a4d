from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.once import made_once

PAGE = """\
# Git and branching

What is judged:

```{criteria} git
```

```{code-cell} python
1 + 1
```

## Check your work

```{code-cell} python
:check: git
from graders.notebook import check
check("git")
```

```{code-cell} python
1 + 1
```
"""


@pytest.fixture
def page() -> str:
    return PAGE


@pytest.fixture(scope="session")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built course of two small pages; a build takes seconds, so tests start from copies of this one."""
    return made_once(tmp_path_factory, "built", _build)


def _build(root: Path) -> None:
    (root / "home").mkdir()
    course = root / "course"
    course.mkdir()
    (course / "01_git.md").write_text(PAGE, encoding="utf-8")
    (course / "02_ci.md").write_text("# Continuous integration\n", encoding="utf-8")
    script = "import sys; from pathlib import Path; from graders.pages.build import build; build(Path(sys.argv[1]))"
    env = {**os.environ, "HOME": str(root / "home")}
    subprocess.run([sys.executable, "-c", script, str(course)], check=True, env=env, cwd=root)


@pytest.fixture
def course(built_once: Path, tmp_path: Path) -> Path:
    """A built course of one's own."""
    return Path(shutil.copytree(built_once / "course", tmp_path / "course"))
