#!/bin/sh
# Bring an image to an environment: scripts/deploy.sh ENVIRONMENT IMAGE
set -eu

if [ $# -ne 2 ] || [ -z "$1" ] || [ -z "$2" ]; then
  echo "usage: scripts/deploy.sh ENVIRONMENT IMAGE" >&2
  exit 2
fi

kubectl --context "$1" set image deployment/widgets "widgets=$2"
kubectl --context "$1" rollout status deployment/widgets --timeout=120s
