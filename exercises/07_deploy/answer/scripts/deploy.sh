#!/usr/bin/env bash
# Deploy a release: start it beside what serves, switch once it is healthy, then end the old one.
# scripts/deploy.sh widgets@sha256:…
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/switch.sh

image=${1:?usage: scripts/deploy.sh IMAGE}
digest=${image#*@}
[[ $digest == sha256:* ]] || { echo "deploy: $image names no digest; a tag may move" >&2; exit 2; }

if switch_to "$digest"; then
    record deploy "$digest" succeeded
    echo "deploy: $digest serves"
else
    record deploy "$digest" failed
    echo "deploy: $digest is not healthy; nothing was switched" >&2
    exit 1
fi
