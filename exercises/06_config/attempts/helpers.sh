# Shell functions that several attempts share. Each stands in the learner's clone.
ROOT=$(git rev-list --max-parents=0 HEAD)
NEW=sup_00112233445566778899aabbccddeeff

# The answer's files, as the last commit of the branch.
answer() {
  cp "$GIVEN/settings" widgets/settings.py
  for name in conftest test_settings test_health; do cp "$GIVEN/$name" "tests/$name.py"; done
  cp "$GIVEN/env" .env.example
  cp "$GIVEN/deploy" .github/workflows/deploy.yml
  git add -A
}
# Rotate, with a key that is the same each time.
rotate() {
  python3 - "$NEW" <<'END'
import hashlib, json, pathlib, sys
file = pathlib.Path("supplier/keys.json")
keys = json.loads(file.read_text())
keys["revoked"].append(keys["active"])
keys["active"] = hashlib.sha256(sys.argv[1].encode()).hexdigest()
file.write_text(json.dumps(keys, indent=2) + "\n")
END
  git add supplier/keys.json
}
# All of it in one commit on top of the first, so that nothing of what was there before is in the history.
squashed() { git switch -q -c "${1:-clean}" && git reset -q --soft "$ROOT"; }
save() { git add -A && git commit -q -m "${1:-Take the configuration from the environment}"; }
push() { git push -q -u origin HEAD; }
# Everything but the one thing that an attempt is about: `done_but; <change>; save; push`.
done_but() { squashed clean && answer && rotate; }
# A change of a file by sed, which must change something.
change() { cp "$2" "$2.before" && sed -i -E "$1" "$2" && ! cmp -s "$2" "$2.before" && rm "$2.before"; }
