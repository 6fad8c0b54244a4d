"""Dockerfiles: what they say, read without ever being built."""
