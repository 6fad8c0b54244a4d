"""Run a workflow where it can harm nothing, with stand-ins for well-known actions, and record what it did."""
