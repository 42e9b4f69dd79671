"""Staff accounts: who works here, and who was seen lately."""
