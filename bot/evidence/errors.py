"""What can be wrong with a file; the sentences are for whoever sent it.

EvidenceError
  UploadRefused      it will never be taken as it is; say why
    TooLarge         more bytes than are taken
    TooMany          enough wait already to be attached to a case
  NoSuchUpload       not hers, gone, or another case's; nothing was attached
  EvidenceLost       the row is there, its file is not, or is another one
"""

from __future__ import annotations


class EvidenceError(Exception):
    """Something about a file."""


class UploadRefused(EvidenceError):
    """The file is not taken; the message says why and what helps."""


class TooLarge(UploadRefused):
    """More bytes than are taken."""


class TooMany(UploadRefused):
    """Whoever sends has enough files waiting."""


class NoSuchUpload(EvidenceError):
    """No such file may be attached by whoever asks."""


class EvidenceLost(EvidenceError):
    """A file is not there, or not the one that was kept."""
