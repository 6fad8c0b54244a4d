#!/bin/sh
# Build the image and push it, named after the commit: REGISTRY=HOST:PORT scripts/publish.sh
set -eu

image="${REGISTRY:?where to push to, as HOST:PORT}/widgets:$(git rev-parse HEAD)"
docker build --tag "$image" .
docker push "$image"
