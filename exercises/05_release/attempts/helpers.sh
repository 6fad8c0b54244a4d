# Shell functions that several attempts share. Each stands in the learner's clone; $IMAGE is the ticket's repository.

FILE=.github/workflows/release.yml

# The reference answer as a file, not committed yet.
written() { mkdir -p .github/workflows && cp "$GIVEN/workflow" "$FILE"; }

# Put one text in the place of another, which must be there once: `swap OLD NEW`.
swap() {
  python3 - "$FILE" "$@" <<'END'
import sys
from pathlib import Path

file, old, new = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
text = file.read_text()
assert text.count(old) == 1, f"{old!r} stands there {text.count(old)} times"
file.write_text(text.replace(old, new))
END
}

# Take the line with this text out.
drop() { swap "$(grep -F -- "$1" "$FILE")
" ""; }

# A workflow from standard input. IMAGE stands for the ticket's repository.
workflow() { mkdir -p .github/workflows && sed "s|IMAGE_NAME|$IMAGE|g" > "${1:-$FILE}"; }

commit() { git add -A && git commit -q -m "${1:-Release what is on main}"; }

# What most workflows begin with: one job that builds and pushes, on a tag of main.
head_of_workflow() {
  cat <<'END'
name: Release
on:
  push:
    tags: ["v*"]
permissions:
  contents: read
concurrency:
  group: release
env:
  IMAGE: IMAGE_NAME:${{ github.sha }}
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0
      - run: git merge-base --is-ancestor "$GITHUB_SHA" origin/main
      - run: docker build --tag "$IMAGE" .
      - run: docker push "$IMAGE"
END
}
