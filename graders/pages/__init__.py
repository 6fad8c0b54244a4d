"""From MyST pages to the notebooks of the course."""
