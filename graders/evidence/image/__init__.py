"""Images: what they hold, read from `docker save` or an OCI layout as it streams by, never unpacked to disk."""
