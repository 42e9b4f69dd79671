"""Figures: how fast, how large, how it grows. Run by ``make bench``."""
