"""Load, kills and endurance with real processes on loopback. Run by hand with ``make soak``."""
