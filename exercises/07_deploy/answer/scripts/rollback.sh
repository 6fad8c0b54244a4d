#!/usr/bin/env bash
# Go back to the last good release before the one that serves. Run twice, it changes nothing the second time.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/switch.sh

target=$(python3 scripts/last_good.py)
if [[ $target == "$(serving)" ]]; then
    echo "rollback: $target serves already; nothing to do"
elif [[ -z $target ]]; then
    echo "rollback: there is no earlier good release to go back to" >&2
    exit 1
elif switch_to "$target"; then
    record rollback "$target" succeeded
    echo "rollback: $target serves again"
else
    record rollback "$target" failed
    echo "rollback: $target is not healthy; nothing was switched" >&2
    exit 1
fi
