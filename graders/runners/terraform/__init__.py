"""Find Terraform or OpenTofu, and plan in the sandbox with the course's own provider."""
