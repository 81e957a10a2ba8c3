"""What the sandbox holds besides the student's code. Nothing in this folder is a secret."""
