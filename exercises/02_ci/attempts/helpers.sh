# Shell functions that several attempts share. Each stands in the learner's clone.

WORKFLOWS=.github/workflows

# A workflow from standard input.
workflow() { mkdir -p $WORKFLOWS && cat > "$WORKFLOWS/${1:-ci.yml}"; }

# The smallest right answer: one job. And the reference answer, with two.
one_job() {
  workflow <<'END'
name: CI
on:
  push:
    branches: [main]
  pull_request:
permissions:
  contents: read
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - uses: actions/setup-python@v6
        with:
          python-version: "3.12"
      - run: pip install -r requirements-dev.lock
      - run: ruff check .
      - run: python -m pytest
END
}
two_jobs() { workflow < "$GIVEN/ci"; }

# Replace a text in the workflow (or in the file named third), which must be there: swap "old" "new".
swap() {
  python - "$@" <<'END'
import sys
from pathlib import Path

old, new = (text.encode().decode("unicode_escape") for text in sys.argv[1:3])
file = Path(sys.argv[3] if len(sys.argv) > 3 else ".github/workflows/ci.yml")
text = file.read_text()
if old not in text:
    sys.exit(f"{file} does not hold {old!r}")
file.write_text(text.replace(old, new))
END
}
tests() { swap "- run: python -m pytest" "$1"; }
lint() { swap "- run: ruff check ." "$1"; }

# Lines to add at the end: a job, for one. From standard input.
add() { cat >> "$WORKFLOWS/${1:-ci.yml}"; }

hand_in() { git switch -q -c "${1:-checks}" && git add -A && git commit -q -m "Check every push and pull request"; }
