"""Read plans of Terraform, and the files that they are made from."""
