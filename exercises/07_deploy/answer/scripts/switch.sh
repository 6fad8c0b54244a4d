# What deploy.sh and rollback.sh share.
upstreams=http://127.0.0.1:2019/id/widgets/upstreams
healthy_within=5 # seconds

# The port that serves, or nothing.
serving_port() { curl -fsS "$upstreams" | python3 -c 'import json, sys; print(*[u["dial"].split(":")[1] for u in json.load(sys.stdin) or []])'; }

# The digest that serves, or nothing.
serving() { scripts/release list | awk -v port="$(serving_port)" '$1 == port { sub(/.*@/, "", $2); print $2 }'; }

# Whether what runs on a port is this release, and healthy, within the time that it has.
healthy() {
    local port=$1 digest=$2 end=$((SECONDS + healthy_within))
    while ((SECONDS <= end)); do
        scripts/release list | grep -q "^$port .*$digest" || return 1
        curl -fs -o /dev/null --max-time 2 "http://127.0.0.1:$port/healthz" && return 0
        sleep 0.1
    done
    return 1
}

# Start a release on the free port of the two, and lead the traffic there once it is healthy.
switch_to() {
    local digest=$1 old new=8001
    old=$(serving_port)
    [[ $old == 8001 ]] && new=8002
    scripts/release start "widgets@$digest" "$new" || return 1
    if ! healthy "$new" "$digest"; then
        scripts/release stop "$new"
        return 1
    fi
    curl -fsS -X PATCH -H 'Content-Type: application/json' -d "[{\"dial\": \"127.0.0.1:$new\"}]" "$upstreams" || return 1
    if [[ -n $old ]]; then scripts/release stop "$old"; fi
}

# One line for each deployment and rollback.
record() {
    printf '{"time": "%s", "actor": "%s", "action": "%s", "digest": "%s", "outcome": "%s"}\n' \
        "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$USER" "$1" "$2" "$3" >>deployments.jsonl
}
