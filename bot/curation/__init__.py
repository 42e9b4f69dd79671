"""Changing the knowledge: who drafts what, who lets it through, and when it comes into force."""
