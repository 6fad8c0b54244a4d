"""Carry out deployments and rollbacks under load, on one of several targets, and record what the callers saw."""
