"""The page of what was changed and looked at, by whom; nothing is changed here."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bot import clock
from bot.accounts.models import Staff
from bot.accounts.policies import Action
from bot.audit.models import AuditAction
from bot.audit.services import audit_note
from bot.clock import OFFICE_ZONE
from bot.console.asking import needs, staff_of
from bot.console.audit_rows import (
    AREA_CHOICES,
    COLUMNS,
    Wanted,
    every_line,
    lines,
    place_named,
)
from bot.console.csv_files import csv_response

_WRONG: Final = {"invalid": "写得不对。", "invalid_choice": "没有这一项。"}


class _Date(forms.DateInput):
    input_type = "date"


class AuditForm(forms.Form):
    """Which part of the log is wanted."""

    area = forms.ChoiceField(
        label="哪一类",
        required=False,
        choices=[("", "全部"), *AREA_CHOICES],
        error_messages=_WRONG,
    )
    who = forms.ModelChoiceField(
        Staff.objects.order_by("display_name", "pk"),
        label="谁做的",
        required=False,
        empty_label="所有人",
        error_messages=_WRONG,
    )
    first = forms.DateField(label="从哪天", required=False, widget=_Date, error_messages=_WRONG)
    last = forms.DateField(label="到哪天", required=False, widget=_Date, error_messages=_WRONG)
    words = forms.CharField(label="找什么", required=False, max_length=40)

    def wanted(self) -> Wanted:
        """Return it; what is wrong narrows nothing."""
        said = self.cleaned_data
        last: date | None = said.get("last")
        return Wanted(
            said.get("area", ""),
            said.get("who"),
            said.get("words", "").strip(),
            _midnight(said.get("first")),
            _midnight(last + timedelta(days=1)) if last and last < date.max else None,
        )


@never_cache
@require_safe
@needs(Action.AUDIT_VIEW)
def audit(request: HttpRequest) -> HttpResponse:
    """Show the log, a page at a time."""
    form = _form(request)
    found, behind = lines(form.wanted(), place_named(request.GET.get("after", "")))
    asked = {name: request.GET[name] for name in form.fields if request.GET.get(name)}
    shown = {
        "form": form,
        "lines": found,
        "columns": COLUMNS,
        "query": urlencode(asked),
        "following": urlencode({**asked, "after": str(behind)}) if behind else "",
    }
    return render(request, "console/audit.html", shown, status=422 if form.errors else 200)


@require_safe
@needs(Action.AUDIT_VIEW)
def export(request: HttpRequest) -> StreamingHttpResponse:
    """Hand out all that was asked for as a table; that it was is written down too."""
    wanted = _form(request).wanted()
    rows = (line.cells() for line in every_line(wanted))
    audit_note(AuditAction.EXPORT, staff_of(request), "操作记录")
    return csv_response(f"操作记录 {clock.now():%Y-%m-%d}.csv", COLUMNS, rows)


def _form(request: HttpRequest) -> AuditForm:
    form = AuditForm(request.GET)
    form.is_valid()
    return form


def _midnight(day: Any) -> datetime | None:
    return datetime.combine(day, time(), OFFICE_ZONE) if day else None
