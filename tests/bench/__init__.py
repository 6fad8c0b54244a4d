"""What `make bench` measures: always two things side by side in one run, as medians and as a ratio."""
