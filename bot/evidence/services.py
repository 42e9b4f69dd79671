"""Takes pictures and signatures, attaches them to cases, notes who looks, deletes what waits long.

The file is written before its row, and a row goes before its file: a row always has its file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from bot import clock
from bot.accounts.models import Staff
from bot.casework.looks import look
from bot.evidence import phrases, vault
from bot.evidence.errors import NoSuchUpload, TooMany
from bot.evidence.models import Upload, new_upload_id
from bot.evidence.pictures import picture_from
from bot.evidence.selectors import upload_bytes

# What belongs to no case by then is deleted.
WAITS = timedelta(days=1)
MOST_WAITING = 30
# Longer than it takes from writing a file to writing its row.
ROWLESS_SECONDS = 3600.0
_BATCH = 100


def upload_take(
    data: bytes, *, owner: str = "", staff: Staff | None = None, kind: str = Upload.Kind.PHOTO
) -> Upload:
    """Keep a picture, made anew and encrypted; raises UploadRefused with a sentence.

    ``owner`` is a conversation's sender, ``staff`` who of the office sends it: one of the two.
    """
    _one_of_both(owner, staff)
    if owner and Upload.objects.filter(owner=owner, number="").count() >= MOST_WAITING:
        raise TooMany(phrases.TOO_MANY)
    picture = picture_from(data, is_drawing=kind == Upload.Kind.SIGNATURE)
    upload_id = new_upload_id()
    path = vault.path_for(upload_id)
    vault.file_write(path, picture.data)
    return Upload.objects.create(
        upload_id=upload_id,
        kind=kind,
        content_type=picture.content_type,
        size_bytes=len(picture.data),
        digest=hashlib.sha256(picture.data).hexdigest(),
        path=path,
        owner=owner,
        staff=staff,
        created_at=clock.now(),
    )


def uploads_attach(
    upload_ids: Sequence[str], number: str, owner: str = "", staff: Staff | None = None
) -> list[Upload]:
    """Attach files to a case, in the caller's transaction; again is harmless.

    A sender attaches her own, a member of staff hers; raises NoSuchUpload, and attaches nothing
    then, if one is somebody else's, gone, or another case's.
    """
    _one_of_both(owner, staff)
    wanted = list(dict.fromkeys(upload_ids))
    with transaction.atomic():
        rows = Upload.objects.select_for_update().filter(
            upload_id__in=wanted, owner=owner, staff=staff
        )
        found = {row.upload_id: row for row in rows.filter(number__in=("", number))}
        if missing := [one for one in wanted if one not in found]:
            raise NoSuchUpload(f"no upload {missing[0][:8]}… to attach to {number}")
        rows.filter(pk__in=[row.pk for row in found.values()]).update(number=number)
    for row in found.values():
        row.number = number
    return [found[one] for one in wanted]


def _one_of_both(owner: str, staff: Staff | None) -> None:
    if bool(owner) == (staff is not None):
        raise ValueError("expected an owner or a member of staff, and not both")


def upload_look(upload: Upload, staff: Staff) -> bytes:
    """Return the picture for a member of staff, having noted that she is shown it."""
    look(staff, upload.number, upload.kind)
    return upload_bytes(upload)


def uploads_forget(owner: str) -> int:
    """Delete what a sender sent and no case has; returns how many."""
    return _deleted(Upload.objects.filter(owner=owner, number="")) if owner else 0


def uploads_sweep(now: datetime) -> int:
    """Delete what nobody attached within a day, and files without a row; returns how many."""
    orphans = Upload.objects.filter(number="", created_at__lt=now - WAITS)
    return _deleted(orphans) + _rowless_files_delete()


def _deleted(uploads: QuerySet[Upload]) -> int:
    """Delete rows, then their files; what was attached meanwhile stays."""
    deleted = 0
    for pk, path in list(uploads.values_list("pk", "path")):
        count, _ = Upload.objects.filter(pk=pk, number="").delete()
        if count:
            vault.file_delete(path)
            deleted += 1
    return deleted


def _rowless_files_delete() -> int:
    paths = list(vault.files_written_before(ROWLESS_SECONDS))
    for path in (rowless := _without_row(paths)):
        vault.file_delete(path)
    return len(rowless)


def _without_row(paths: Sequence[str]) -> list[str]:
    found: list[str] = []
    for start in range(0, len(paths), _BATCH):
        some = paths[start : start + _BATCH]
        known = set(Upload.objects.filter(path__in=some).values_list("path", flat=True))
        found.extend(path for path in some if path not in known)
    return found
