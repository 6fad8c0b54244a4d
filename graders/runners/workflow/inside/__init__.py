"""What is mounted into the sandbox: the launcher, the stand-in actions, the shims. It imports the standard library only."""
