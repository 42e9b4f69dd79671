"""One conversation, whatever the channel: turns in, replies out, nothing lost."""
