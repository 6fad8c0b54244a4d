# Shell functions that several attempts share. Each stands in the learner's clone.
# The answer's files.
answer() {
  cp "$GIVEN/review" review/review.yaml
  for name in main variables outputs moved; do cp "$GIVEN/$name" "infra/$name.tf"; done
  cp "$GIVEN/ignore" .gitignore
  git rm -q --cached infra/terraform.tfstate && rm infra/terraform.tfstate
}
save() { git add -A && git commit -q -m "${1:-Review the plan, and rename without destroying}"; }
# A change of a file by sed, which must change something.
change() { cp "$2" "$2.before" && sed -i -E "$1" "$2" && ! cmp -s "$2" "$2.before" && rm "$2.before"; }
# A new text for a file, from standard input.
write() { mkdir -p "$(dirname "$1")" && cat >"$1"; }
# Everything but the one thing that an attempt is about: `ready; <change>; save`.
ready() { git switch -q -c plan && answer; }
# The review as data, changed by Python: `review 'r["drift"] = []'`. `c` is `changes`, `of(action)` the first address with it.
review() {
  python3 - "$1" <<'END'
import json, sys
from ruamel.yaml import YAML
yaml = YAML()
with open("review/review.yaml") as file:
    r = yaml.load(file)
c = r["changes"]
def of(action, n=0):
    return [a for a, one in c.items() if one["action"] == action][n]
exec(sys.argv[1])
with open("review/review.yaml", "w") as file:
    yaml.dump(r, file)
END
}
