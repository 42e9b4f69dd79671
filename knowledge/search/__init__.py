"""Matching a resident's words against the knowledge: no Django below this line."""
