#!/bin/sh
# Ask the service in an environment whether it works: scripts/smoke.sh ENVIRONMENT
set -eu

environment=${1:?"usage: scripts/smoke.sh ENVIRONMENT"}

for path in healthz version; do
  kubectl --context "$environment" get --raw "/api/v1/namespaces/default/services/widgets:80/proxy/$path"
done
