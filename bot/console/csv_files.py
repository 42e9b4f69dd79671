"""Tables as CSV files that a spreadsheet opens: as UTF-8, line by line, and never as formulas."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

_MARK = "\ufeff"
# What makes a spreadsheet calculate, also behind blanks.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


class _Line:
    """Hands back what is written."""

    def write(self, text: str) -> str:
        """Return the line."""
        return text


def csv_response(
    filename: str, header: Sequence[str], rows: Iterable[Sequence[object]]
) -> StreamingHttpResponse:
    """Return a table as a file to keep; ``rows`` are asked for while it is being sent."""
    response = StreamingHttpResponse(_lines(header, rows), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = str(content_disposition_header(True, filename))
    response.headers["Cache-Control"] = "no-store"
    return response


def plain_cell(value: object) -> str:
    """Return a cell as a spreadsheet shows it; what it would calculate is marked as text."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" \n").startswith(_FORMULA) else text


def _lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield _MARK + writer.writerow(header)
    for row in rows:
        yield writer.writerow([plain_cell(value) for value in row])
