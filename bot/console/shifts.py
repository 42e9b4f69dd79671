"""The page of shifts: who works when in the week, and who is away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any, Final

from django import forms
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from bot import clock
from bot.accounts.models import Shift, Staff
from bot.accounts.policies import Action
from bot.accounts.services import ShiftRefused, shift_add, shift_remove
from bot.casework.routing import is_on_shift
from bot.console.asking import needs, problems_of, staff_of

WEEKDAYS: Final = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
LONGEST_LEAVE: Final = timedelta(days=92)
OFFICE_HOURS: Final = "上班时间"
_NEEDED: Final = {"required": "这里要填。", "invalid": "写得不对。"}


@dataclass(frozen=True)
class Week:
    """One person's week: of each day the shifts as words; then what is other on single days."""

    person: Staff
    days: Sequence[Sequence[str]]
    dated: Sequence[str]
    is_present: bool

    @property
    def is_usual(self) -> bool:
        """Whether she has no shifts of her own and works while the office is open."""
        return not any(self.days)


class _Time(forms.TimeInput):
    input_type = "time"


class _Date(forms.DateInput):
    input_type = "date"


class HoursForm(forms.Form):
    """From when to when."""

    opens = forms.TimeField(label="几点上班", required=False, widget=_Time, error_messages=_NEEDED)
    closes = forms.TimeField(label="几点下班", required=False, widget=_Time, error_messages=_NEEDED)

    def clean(self) -> dict[str, Any]:
        """Both or none; raises ValidationError."""
        said = self.cleaned_data
        if (said.get("opens") is None) != (said.get("closes") is None):
            raise forms.ValidationError("上班和下班时间要一起写；都空着就是办公室的上班时间。")
        return said

    def hours(self) -> tuple[time, time] | None:
        """Return from when to when; None for the office's hours."""
        opens, closes = self.cleaned_data["opens"], self.cleaned_data["closes"]
        return (opens, closes) if opens is not None and closes is not None else None


class WeeklyForm(HoursForm):
    """A shift of every week, on one day or several."""

    weekdays = forms.TypedMultipleChoiceField(
        label="每周哪几天",
        choices=list(enumerate(WEEKDAYS)),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "请至少勾一天。"},
    )
    field_order = ("weekdays", "opens", "closes")


class AwayForm(forms.Form):
    """Days off."""

    first = forms.DateField(label="从哪天", widget=_Date, error_messages=_NEEDED)
    last = forms.DateField(
        label="到哪天（就一天可以空着）", required=False, widget=_Date, error_messages=_NEEDED
    )

    def clean(self) -> dict[str, Any]:
        """In their order, and not for ever; raises ValidationError."""
        said = self.cleaned_data
        first, last = said.get("first"), said.get("last") or said.get("first")
        if first and last and not timedelta() <= last - first <= LONGEST_LEAVE:
            raise forms.ValidationError("结束要在开始之后，一次最多三个月。")
        return said


class OnceForm(HoursForm):
    """A shift on one date, in place of that weekday's."""

    on = forms.DateField(label="哪一天", widget=_Date, error_messages=_NEEDED)
    field_order = ("on", "opens", "closes")


@never_cache
@require_safe
@needs(Action.SHIFTS_EDIT)
def shifts(request: HttpRequest) -> HttpResponse:
    """Show everybody's week."""
    now = clock.now()
    people = Staff.objects.filter(is_active=True).prefetch_related("shifts", "roles__community")
    weeks = [_week(each, now.date()) for each in people.order_by("display_name", "pk")]
    shown = {"weeks": weeks, "weekdays": WEEKDAYS, "today": WEEKDAYS[now.weekday()]}
    return render(request, "console/shifts.html", shown)


@never_cache
@require_safe
@needs(Action.SHIFTS_EDIT)
def person(request: HttpRequest, staff_id: int) -> HttpResponse:
    """Show one person's shifts, to be changed."""
    return _page(request, get_object_or_404(Staff, pk=staff_id))


@never_cache
@require_POST
@needs(Action.SHIFTS_EDIT)
def act(request: HttpRequest, staff_id: int, what: str) -> HttpResponse:
    """Add shifts or days off, or take one away."""
    account = get_object_or_404(Staff, pk=staff_id)
    if what not in _ACTS:
        raise Http404(what)
    try:
        with transaction.atomic():
            problem = _ACTS[what](request, account)
    except ShiftRefused as error:
        problem = str(error)
    if problem:
        return _page(request, account, problem=problem, status=422)
    return redirect("staff-shifts-person", account.pk)


def _weekly(request: HttpRequest, account: Staff) -> str:
    form = WeeklyForm(request.POST)
    if not form.is_valid():
        return problems_of(form)
    for weekday in form.cleaned_data["weekdays"]:
        _add(request, account, weekday=weekday, hours=form.hours())
    return ""


def _away(request: HttpRequest, account: Staff) -> str:
    form = AwayForm(request.POST)
    if not form.is_valid():
        return problems_of(form)
    first = form.cleaned_data["first"]
    last = form.cleaned_data["last"] or first
    for number in range((last - first).days + 1):
        _add(request, account, on=first + timedelta(days=number), is_off=True)
    return ""


def _once(request: HttpRequest, account: Staff) -> str:
    form = OnceForm(request.POST)
    if not form.is_valid():
        return problems_of(form)
    _add(request, account, on=form.cleaned_data["on"], hours=form.hours())
    return ""


def _remove(request: HttpRequest, account: Staff) -> str:
    given = request.POST.get("shift", "")
    found = get_object_or_404(account.shifts, pk=int(given) if given.isdecimal() else 0)
    shift_remove(found, by=staff_of(request))
    return ""


_ACTS: Final[dict[str, Callable[[HttpRequest, Staff], str]]] = {
    "weekly": _weekly,
    "away": _away,
    "once": _once,
    "remove": _remove,
}


def _add(request: HttpRequest, account: Staff, **shift: Any) -> None:
    """Add a shift; the same twice, as by a double click, is once."""
    opens, closes = shift.get("hours") or (None, None)
    same = account.shifts.filter(
        weekday=shift.get("weekday"),
        on=shift.get("on"),
        opens=opens,
        closes=closes,
        is_off=shift.get("is_off", False),
    )
    if not same.exists():
        shift_add(account, **shift, by=staff_of(request))


def _week(person: Staff, today: date) -> Week:
    rows = list(person.shifts.all())
    days = [[_hours(row) for row in rows if row.weekday == number] for number in range(7)]
    dated = [_dated(row) for row in rows if row.on and row.on >= today]
    return Week(person, days, dated, is_on_shift(rows, clock.now()))


def _hours(shift: Shift) -> str:
    if shift.opens is None or shift.closes is None:
        return OFFICE_HOURS
    return f"{shift.opens:%H:%M}–{shift.closes:%H:%M}"


def _dated(shift: Shift) -> str:
    assert shift.on is not None
    what = "休息" if shift.is_off else _hours(shift)
    return f"{shift.on.month}月{shift.on.day}日{WEEKDAYS[shift.on.weekday()]}{what}"


def _page(request: HttpRequest, account: Staff, status: int = 200, **more: Any) -> HttpResponse:
    today = clock.now().date()
    rows = list(account.shifts.all())
    weekly = [(row, f"每{WEEKDAYS[row.weekday]} {_hours(row)}")
              for row in rows if row.weekday is not None]  # fmt: skip
    shown = {
        "account": account,
        "is_present": is_on_shift(rows, clock.now()),
        "weekly": weekly,
        "dated": [(row, _dated(row)) for row in rows if row.on and row.on >= today],
        "weekly_form": WeeklyForm(auto_id="weekly-%s"),
        "away_form": AwayForm(auto_id="away-%s", initial={"first": today}),
        "once_form": OnceForm(auto_id="once-%s"),
        **more,
    }
    return render(request, "console/shifts_person.html", shown, status=status)
