"""Who changed what: written down once, never rewritten."""
