"""A learner's own side: starting, resetting, progress, handing in."""
