"""nbgrader's settings for this course; run nbgrader's commands in this folder.

To grade a class elsewhere, copy this file there with `source/`. To collect through a folder that learners share with
you, name it: `configure(c, here, exchange=Path("/srv/exchange"))`.
"""

from pathlib import Path

from graders.classroom.nbgrader_settings import configure

c = get_config()  # noqa: F821 - nbgrader defines it
here = Path(__file__).parent
configure(c, here)
