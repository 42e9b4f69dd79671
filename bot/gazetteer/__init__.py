"""Communities and estates: which of them an address lies in."""
