"""What is mounted into the sandbox: launcher, stand-in actions, shims. It imports the standard library only."""
