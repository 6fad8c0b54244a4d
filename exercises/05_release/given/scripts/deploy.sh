#!/bin/sh
# Bring an image to an environment: scripts/deploy.sh ENVIRONMENT IMAGE
set -eu

usage="usage: scripts/deploy.sh ENVIRONMENT IMAGE"
environment=${1:?"$usage"}
image=${2:?"$usage"}

kubectl --context "$environment" set image deployment/widgets "widgets=$image"
kubectl --context "$environment" rollout status deployment/widgets --timeout=120s
