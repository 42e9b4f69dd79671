"""What can go wrong in matching, and what the caller may do about it.

SearchError
  EncoderUnavailable   model files missing or unreadable; lexical matching goes on without it
  RerankerUnavailable  likewise for the re-ranker; matching goes on without it
  SnapshotUnavailable  nothing published yet; publish, then try again
  SnapshotDamaged      a file of the snapshot is missing or altered; publish anew
  KnowledgeFormatError a line of a foreign knowledge base cannot be read; the message names the line
"""


class SearchError(Exception):
    """Base of everything this package raises on purpose."""


class EncoderUnavailable(SearchError):
    """The encoder's files are missing or unreadable; safe to go on with lexical matching."""


class RerankerUnavailable(SearchError):
    """The re-ranker's files are missing or unreadable; safe to go on without it."""


class SnapshotUnavailable(SearchError):
    """No snapshot has been published; publishing one cures it."""


class SnapshotDamaged(SearchError):
    """The snapshot's files do not fit its manifest; publish anew."""


class KnowledgeFormatError(SearchError):
    """A line of a knowledge base or query file cannot be read."""
