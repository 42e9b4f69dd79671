"""What the office knows: service items, events, subjects, emergencies, report kinds, places."""
