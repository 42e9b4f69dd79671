"""The staff's pages: who waits, what was said, a reply."""
