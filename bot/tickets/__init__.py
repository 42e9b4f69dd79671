"""Proxy tickets (帮办代办): somebody of the office does an errand for a resident."""
