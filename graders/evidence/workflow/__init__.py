"""GitHub Actions workflows as evidence: what a file says, when it runs, and where its values come from."""
