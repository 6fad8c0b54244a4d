"""Doers: run a learner's work in a sandbox, and record what happened."""
