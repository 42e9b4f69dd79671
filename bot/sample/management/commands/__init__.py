"""The command by which a database is filled with a sample."""
