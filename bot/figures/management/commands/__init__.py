"""Commands by which figures are kept."""
