"""The HTTP contract: one door for every channel."""
