"""Communities and estates as CSV, out and in. Nothing is stored when a row has an error.

Columns: 类型 (社区 or 小区), 名称, 所属社区 (of an estate), 别名 (separated by 、), and of a
community 网点 (place_id of its hall) and 启用 (是 or 否).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from bot.gazetteer.errors import GazetteerError
from bot.gazetteer.models import Community, Estate
from bot.gazetteer.selectors import community_named
from bot.gazetteer.services import community_save, estate_save

COLUMNS = ("类型", "名称", "所属社区", "别名", "网点", "启用")
_NEEDED = COLUMNS[:2]
_COMMUNITY, _ESTATE = "社区", "小区"
_BETWEEN = "、"
_YES, _NO = "是", "否"


@dataclass(frozen=True)
class RowError:
    """What is wrong with a line of the file, counted from 1 as a spreadsheet counts."""

    line: int
    sentence: str

    def __str__(self) -> str:
        return f"第{self.line}行：{self.sentence}"


@dataclass(frozen=True)
class Imported:
    """What an import did, or, with errors, why it did nothing."""

    communities: int = 0
    estates: int = 0
    errors: tuple[RowError, ...] = ()


def gazetteer_export() -> str:
    """Return all communities and estates as CSV."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([COLUMNS, *gazetteer_rows()])
    return out.getvalue()


def gazetteer_rows() -> Iterator[Sequence[str]]:
    """Return all communities and estates as rows of the table."""
    for one in Community.objects.all():
        active = _YES if one.is_active else _NO
        yield _COMMUNITY, one.name, "", _BETWEEN.join(one.others), one.place_id, active
    for estate in Estate.objects.select_related("community"):
        others = _BETWEEN.join(estate.others)
        yield _ESTATE, estate.name, estate.community.name, others, "", ""


def gazetteer_import(text: str, *, by: AbstractBaseUser | None = None) -> Imported:
    """Make or change what the rows name; what is not in the file stays as it is."""
    try:
        rows = list(_rows(text))
    except csv.Error as error:
        return Imported(errors=(RowError(1, f"不是CSV表格（{error}）。"),))
    if missing := [name for name in _NEEDED if rows and name not in rows[0][1]]:
        return Imported(errors=(RowError(1, f"缺少“{'”“'.join(missing)}”这一列。"),))
    with transaction.atomic():
        done = _store(rows, by)
        if done.errors:
            transaction.set_rollback(True)
    return done


def _store(rows: list[tuple[int, Mapping[str, str]]], by: AbstractBaseUser | None) -> Imported:
    counts, errors = {_COMMUNITY: 0, _ESTATE: 0}, []
    # Estates come after all communities, wherever they stand in the file.
    for line, row in sorted(rows, key=lambda each: each[1]["类型"] != _COMMUNITY):
        try:
            _save(row, by)
            counts[row["类型"]] += 1
        except GazetteerError as error:
            errors.append(RowError(line, str(error)))
    if errors:
        return Imported(errors=tuple(sorted(errors, key=lambda error: error.line)))
    return Imported(counts[_COMMUNITY], counts[_ESTATE])


def _save(row: Mapping[str, str], by: AbstractBaseUser | None) -> None:
    kind, name = row["类型"], row["名称"]
    others = [one for one in re.split("[、,，;；]", row.get("别名", "")) if one.strip()]
    if kind == _COMMUNITY:
        active = row.get("启用", "") or _YES
        if active not in (_YES, _NO):
            raise GazetteerError(f"“启用”写{_YES}或{_NO}，不是“{active}”。")
        community_save(
            name,
            others,
            row.get("网点", ""),
            is_active=active == _YES,
            community=Community.objects.filter(name=name).first(),
            by=by,
        )
    elif kind == _ESTATE:
        belongs = row.get("所属社区", "")
        community = community_named(belongs) if belongs else None
        if community is None:
            raise GazetteerError(f"没有叫“{belongs}”的社区，先加社区。")
        estate = Estate.objects.filter(name=name).first()
        estate_save(name, community, others, estate=estate, by=by)
    else:
        raise GazetteerError(f"“类型”写{_COMMUNITY}或{_ESTATE}，不是“{kind}”。")


def _rows(text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Return the rows that hold something, with their lines; every column is a tidied text."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    for row in reader:
        tidied = {
            str(name).strip(): (value or "").strip()
            for name, value in row.items()
            if not isinstance(value, list)
        }
        if any(tidied.values()):
            yield reader.line_num, tidied
