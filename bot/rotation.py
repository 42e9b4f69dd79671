"""Gives everything that is kept encrypted the cipher and the key in force: fields, files.

Rows in which nothing is to be done are only read, so whatever stopped halfway goes on where it was.
What was written meanwhile by a process with the keys of before is found by doing it again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import F, Field, Model, QuerySet, TextField, Value
from django.db.models.functions import Cast

from bot.encryption import Undecipherable, is_current, renewed
from bot.evidence import vault
from bot.evidence.errors import EvidenceLost
from bot.fields import SealedJSONField, SealedTextField

# Columns of other types in which the code keeps tokens.
TOKENS = (
    "conversations.Draft.sealed",
    "conversations.TurnRecord.sealed_reply",
    "handovers.Handover.contact",
    "telegram.TelegramUpdate.body",
)
FILES = "evidence files"
BATCH_ROWS = 100
# Whoever waits to write has its turn.
PAUSE_SECONDS = 0.02

Progress = Callable[[int], Any]


@dataclass
class Rotated:
    """What was found in one column, or in all files: how many tokens, how many were renewed.

    ``unreadable`` says where the tokens stand that no key at hand fits.
    """

    place: str
    tokens: int = 0
    renewed: int = 0
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Column:
    model: type[Model]
    field: str

    @property
    def place(self) -> str:
        return f"{self.model._meta.label}.{self.field}"

    def rows(self) -> QuerySet[Any]:
        """The rows that hold a token; ``token`` is what stands in the table."""
        raw = Cast(F(self.field), TextField())
        rows: QuerySet[Any] = self.model._default_manager.annotate(token=raw)
        return rows.filter(token__isnull=False).exclude(token="").order_by("pk")

    def replace(self, pk: Any, old: str, new: bytes) -> None:
        """Put a token in another's place, unless somebody has written there meanwhile."""
        token = Value(new.decode("ascii"), output_field=TextField())
        self.rows().filter(pk=pk, token=old).order_by().update(**{self.field: token})


def columns() -> list[_Column]:
    """Return every column that holds tokens."""
    found = [
        _Column(model, field.name)
        for model in apps.get_models()
        for field in model._meta.local_fields
        if _is_sealed(field)
    ]
    for name in TOKENS:
        label, _, field_name = name.rpartition(".")
        found.append(_Column(apps.get_model(label), field_name))
    return sorted(found, key=lambda column: column.place)


def _is_sealed(field: Field[Any, Any]) -> bool:
    return isinstance(field, SealedTextField | SealedJSONField)


def tokens_count() -> int:
    """Return how many tokens there are, for showing how far it is."""
    return sum(column.rows().count() for column in columns()) + len(list(vault.file_paths()))


def rotate(progress: Progress = lambda _: None, *, is_dry_run: bool = False) -> list[Rotated]:
    """Renew what is not current, in short transactions; a dry run only counts.

    ``progress`` is told how many tokens more have been looked at.
    """
    found = [_rotate_column(column, progress, is_dry_run) for column in columns()]
    return [*found, _rotate_files(progress, is_dry_run)]


def _rotate_column(column: _Column, progress: Progress, is_dry_run: bool) -> Rotated:
    found = Rotated(column.place)
    for keys in _batches(column.rows()):
        with transaction.atomic():
            for pk, token in column.rows().filter(pk__in=keys).values_list("pk", "token"):
                keep = partial(column.replace, pk, token)
                _look_at(found, str(pk), token.encode(), None if is_dry_run else keep)
        progress(len(keys))
    return found


def _rotate_files(progress: Progress, is_dry_run: bool) -> Rotated:
    found = Rotated(FILES)
    for path in vault.file_paths():
        # One that was deleted meanwhile needs nothing more.
        with suppress(EvidenceLost):
            keep = partial(vault.file_replace, path)
            _look_at(found, path, vault.file_token(path), None if is_dry_run else keep)
        progress(1)
    return found


def _look_at(
    found: Rotated, where: str, token: bytes, keep: Callable[[bytes], None] | None
) -> None:
    """Count a token; if it is not current, renew it and have it kept."""
    found.tokens += 1
    if is_current(token):
        return
    try:
        new = renewed(token)
    except Undecipherable:
        found.unreadable += (where,)
        return
    found.renewed += 1
    if keep is not None:
        keep(new)


def _batches(rows: QuerySet[Any]) -> Iterator[Sequence[Any]]:
    """Primary keys, read outside of any transaction."""
    last = None
    while True:
        further = rows if last is None else rows.filter(pk__gt=last)
        keys = list(further.values_list("pk", flat=True)[:BATCH_ROWS])
        if not keys:
            return
        yield keys
        time.sleep(PAUSE_SECONDS)
        last = keys[-1]
