# Shell functions that several attempts share. Each stands in the learner's clone.
# The answer's files.
answer() {
  cp "$GIVEN/target" scripts/target
  cp "$GIVEN/deploy" scripts/deploy.sh
  cp "$GIVEN/rollback" scripts/rollback.sh
  cp "$GIVEN/switch" scripts/switch.sh
  cp "$GIVEN/last_good" scripts/last_good.py
}
save() { git add -A && git commit -q -m "${1:-Deploy beside what serves, and go back}"; }
# A change of a file by sed, which must change something.
change() { cp "$2" "$2.before" && sed -i -E "$1" "$2" && ! cmp -s "$2" "$2.before" && rm "$2.before"; }
# A new text for a file, from standard input.
write() { mkdir -p "$(dirname "$1")" && cat >"$1"; }
# Everything but the one thing that an attempt is about: `ready; <change>; save`. It waits less for what is broken.
ready() { git switch -q -c deploy && answer && change 's/^healthy_within=5/healthy_within=2/' scripts/switch.sh; }
# Any port that is free, in place of one of two.
any_port() {
  change 's|^    \[\[ \$old == 8001 \]\] && new=8002|    new=$(python3 -c "import socket; s = socket.create_server((\\"127.0.0.1\\", 0)); print(s.getsockname()[1])")|' scripts/switch.sh
}
