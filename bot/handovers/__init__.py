"""A person at any time: the queue for staff, what they write, how it reaches the resident."""
