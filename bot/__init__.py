"""Serving people: residents through channels, staff through the console."""
