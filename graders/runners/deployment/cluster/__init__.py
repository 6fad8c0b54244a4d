"""A stand-in for a Kubernetes cluster on loopback: an API for `kubectl`, Deployments, pods that are processes, a Service."""
