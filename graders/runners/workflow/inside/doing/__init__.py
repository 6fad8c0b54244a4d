"""What each stand-in does."""
