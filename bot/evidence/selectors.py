"""What is asked of uploads: a sender's own, a case's, what a file holds."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence

from bot.evidence import vault
from bot.evidence.errors import EvidenceLost
from bot.evidence.models import Upload


def uploads_of_case(number: str) -> list[Upload]:
    """Return what was attached to a ticket or a report, in the order of arrival."""
    return list(Upload.objects.filter(number=number)) if number else []


def uploads_of_cases(numbers: Iterable[str]) -> dict[str, list[Upload]]:
    """Return what was attached to several cases, by number."""
    found: dict[str, list[Upload]] = defaultdict(list)
    for upload in Upload.objects.filter(number__in=list(numbers)).select_related("staff"):
        found[upload.number].append(upload)
    return found


def upload_of(owner: str, upload_id: str) -> Upload | None:
    """Return one of a sender's own uploads, attached or not."""
    return Upload.objects.filter(owner=owner, upload_id=upload_id).first() if owner else None


def are_uploads_of(owner: str, upload_ids: Sequence[str]) -> bool:
    """Whether all of these are a sender's own."""
    own = Upload.objects.filter(owner=owner, upload_id__in=upload_ids)
    return own.count() == len(set(upload_ids))


def uploads_waiting(owner: str, upload_ids: Sequence[str]) -> tuple[str, ...]:
    """Return those of a sender's that belong to no case yet, in the given order."""
    if not upload_ids:
        return ()
    rows = Upload.objects.filter(owner=owner, number="", upload_id__in=upload_ids)
    waiting = set(rows.values_list("upload_id", flat=True))
    return tuple(dict.fromkeys(one for one in upload_ids if one in waiting))


def upload_bytes(upload: Upload) -> bytes:
    """Return the picture; raises EvidenceLost, Undecipherable.

    For staff there is ``services.upload_look``, which notes who was shown it.
    """
    data = vault.file_read(upload.path)
    if hashlib.sha256(data).hexdigest() != upload.digest:
        raise EvidenceLost(f"{upload.path} is not the file that was kept")
    return data
