#!/bin/sh
# Ask the service in an environment whether it works: scripts/smoke.sh ENVIRONMENT
set -eu

if [ $# -ne 1 ] || [ -z "$1" ]; then
  echo "usage: scripts/smoke.sh ENVIRONMENT" >&2
  exit 2
fi

for path in healthz version; do
  kubectl --context "$1" get --raw "/api/v1/namespaces/default/services/widgets:80/proxy/$path"
done
