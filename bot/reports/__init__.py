"""Closed-loop reports (诉求): something is wrong, one person answers for it, evidence closes it."""
