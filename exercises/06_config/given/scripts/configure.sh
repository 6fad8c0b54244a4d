#!/bin/sh
# Give the service in an environment its configuration: scripts/configure.sh ENVIRONMENT
# DB_URL and SUPPLIER_API_KEY come from the environment. They go on through standard input, since every user of a machine
# can read the arguments of its processes.
set -eu

environment=${1:?"usage: scripts/configure.sh ENVIRONMENT"}
: "${DB_URL:?is not set}" "${SUPPLIER_API_KEY:?is not set}"

printf 'DB_URL=%s\nSUPPLIER_API_KEY=%s\n' "$DB_URL" "$SUPPLIER_API_KEY" |
  kubectl --context "$environment" create secret generic widgets --from-env-file=/dev/stdin
