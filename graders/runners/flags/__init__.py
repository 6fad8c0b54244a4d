"""Run a service with feature flags: ask it as many users, edit the flag file while it runs, start it again, and record it."""
