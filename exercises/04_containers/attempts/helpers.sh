# Shell functions that several attempts share. Each stands in the learner's clone.

# The reference answer, not committed yet.
written() {
  mkdir -p scripts
  cp "$GIVEN/dockerfile" Dockerfile && cp "$GIVEN/dockerignore" .dockerignore && cp "$GIVEN/publish" scripts/publish.sh
  chmod +x scripts/publish.sh
}

# Put one text in the place of another, which must be there once: `swap FILE OLD NEW`.
swap() {
  python3 - "$@" <<'END'
import sys
from pathlib import Path

file, old, new = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
text = file.read_text()
assert text.count(old) == 1, f"{old!r} stands there {text.count(old)} times"
file.write_text(text.replace(old, new))
END
}

# Take the line of a file with this text out: `drop FILE TEXT`.
drop() { swap "$1" "$(grep -F -- "$2" "$1")
" ""; }

# The Dockerfile from standard input.
dockerfile() { cat > Dockerfile; }

save() { git add -A && git commit -q -m "${1:-Put the service into an image}"; }
