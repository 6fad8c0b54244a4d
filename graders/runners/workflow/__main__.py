"""What `make` calls after installing: fetch the packages that learners' workflows install, so that none is fetched later."""

import sys

from graders.problems import Problem
from graders.runners.workflow.wheels import INSTALLED, wheelhouse

try:
    wheelhouse(INSTALLED)
except Problem as problem:
    sys.exit(f"{problem.found} {problem.next}")
