# Shell functions that several attempts share. Each stands in the learner's clone.

FILE=.github/workflows/ci.yml

# The reference answer as a file, not committed yet.
written() { cp "$GIVEN/ci" "$FILE"; }

# Put one text in the place of another, which must be there: `swap OLD NEW`.
swap() {
  python3 - "$FILE" "$@" <<'END'
import sys
from pathlib import Path

file, old, new = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
text = file.read_text()
assert old in text, f"{old!r} is not there"
file.write_text(text.replace(old, new))
END
}

# Take the lines with this text out.
drop() { grep -v -F -- "$1" "$FILE" > "$FILE.new" && mv "$FILE.new" "$FILE"; }

# A cache of one's own in the place of setup-python's: `own_cache KEY [PATH]`.
own_cache() {
  drop "cache: pip"
  swap "          cache-dependency-path: requirements-dev.lock
" "      - uses: actions/cache@v5
        with:
          path: ${2:-~/.cache/pip}
          key: $1
"
}

# A small pipeline that does all: head, then each job, from which attempts take what they need.
begin() { printf 'name: CI\non: [push, pull_request]\npermissions:\n  contents: read\njobs:\n' > "$FILE"; }
job() { printf '  %s:\n    runs-on: ubuntu-latest\n' "$1" >> "$FILE"; cat >> "$FILE"; }

commit() { git switch -q -c "${1:-remember}" && git add -A && git commit -q -m "${2:-Cache, and keep reports and the package}"; }
