"""A year of an office that never was: invented people, talks and errands, to see how pages bear it.

Nothing here is used by the service; ``make_sample`` fills an empty database with it.
"""
