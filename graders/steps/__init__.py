"""One file a step: its criteria."""
