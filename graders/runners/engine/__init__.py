"""Build, run and publish images on a Docker Engine, and leave nothing behind there."""
