"""One file per outside channel."""
