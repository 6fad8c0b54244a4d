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
# The same on Kubernetes: `on_cluster; <change>; save`. A rolling update, waited for, and taken back where it does not come through.
on_cluster() {
  git switch -q -c deploy
  echo kubernetes >scripts/target
  cp "$GIVEN/last_good" scripts/last_good.py
  write scripts/roll.sh <<'END'
# What deploy.sh and rollback.sh share.
serving() { kubectl get deployment widgets --ignore-not-found -o jsonpath='{.spec.template.spec.containers[0].image}' | sed 's/.*@//'; }
put() { sed -E "s|image: .*|image: widgets@$1|" kubernetes/widgets.yaml | kubectl apply -f -; }
wait_for_it() { kubectl rollout status deployment/widgets --timeout=4s; }
roll_out() {
  local before
  before=$(serving)
  put "$1" || return 1
  wait_for_it && return 0
  if [ -n "$before" ]; then put "$before" && wait_for_it; fi
  return 1
}
note() {
  printf '{"time": "%s", "actor": "%s", "action": "%s", "digest": "%s", "outcome": "%s"}\n' \
    "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$USER" "$1" "$2" "$3" >>deployments.jsonl
}
END
  write scripts/deploy.sh <<'END'
#!/usr/bin/env bash
source scripts/roll.sh
digest=${1#*@}
if roll_out "$digest"; then
  note deploy "$digest" succeeded
else
  note deploy "$digest" failed
  echo "$digest did not become ready; what served goes on" >&2
  exit 1
fi
END
  write scripts/rollback.sh <<'END'
#!/usr/bin/env bash
source scripts/roll.sh
target=$(python3 scripts/last_good.py)
if [ -z "$target" ]; then
  echo "there is no earlier good release to go back to" >&2
  exit 1
fi
if [ "$target" = "$(serving)" ]; then exit 0; fi
if roll_out "$target"; then
  note rollback "$target" succeeded
else
  note rollback "$target" failed
  exit 1
fi
END
}
