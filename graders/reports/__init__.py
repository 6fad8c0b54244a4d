"""A result to look at: terminal, notebook, JSON. They know nothing of git or Docker."""
