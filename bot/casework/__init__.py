"""What tickets and reports have in common: numbers, lives as tables, due times, looks at data."""
