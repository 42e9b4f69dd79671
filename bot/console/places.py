"""The pages of communities and estates: by these names an address finds its community."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from bot import clock
from bot.accounts.policies import Action
from bot.audit.models import AuditAction
from bot.audit.services import audit_note
from bot.console.asking import needs, problems_of, staff_of
from bot.console.csv_files import csv_response
from bot.gazetteer.errors import GazetteerError
from bot.gazetteer.exchange import COLUMNS, Imported, gazetteer_import, gazetteer_rows
from bot.gazetteer.files import csv_text
from bot.gazetteer.models import Community
from bot.gazetteer.selectors import community_of
from bot.gazetteer.services import (
    LONGEST_NAME,
    community_delete,
    community_save,
    estate_delete,
    estate_save,
)

LARGEST_BYTES: Final = 1_000_000
MOST_ERRORS: Final = 100
_NEEDED: Final = {"required": "这里要填。", "max_length": f"最多{LONGEST_NAME}个字。"}
_OTHERS_HINT: Final = "居民平时怎么叫，几个之间用顿号隔开。"


class NamesField(forms.CharField):
    """Several names in one line."""

    def clean(self, value: Any) -> Any:
        """Return the names; raises ValidationError."""
        return [one for one in re.split("[、,，;；]", super().clean(value)) if one.strip()]


class CommunityForm(forms.Form):
    """A community."""

    name = forms.CharField(label="社区名称", max_length=LONGEST_NAME, error_messages=_NEEDED)
    others = NamesField(label="别的叫法", required=False, help_text=_OTHERS_HINT)
    place_id = forms.RegexField(
        r"^[\w-]{0,40}$",
        label="网点编号",
        required=False,
        help_text="社区便民服务中心在网点资料里的编号，没有就空着。",
        error_messages={"invalid": "编号只有字母、数字和短横。"},
    )
    is_active = forms.BooleanField(label="在用", required=False, initial=True)


class EstateForm(forms.Form):
    """An estate."""

    name = forms.CharField(label="小区名称", max_length=LONGEST_NAME, error_messages=_NEEDED)
    others = NamesField(label="别的叫法", required=False)


@never_cache
@require_safe
@needs(Action.GAZETTEER_EDIT)
def places(request: HttpRequest) -> HttpResponse:
    """Show all communities with their estates."""
    return _list(request)


@require_safe
@needs(Action.GAZETTEER_EDIT)
def export(request: HttpRequest) -> StreamingHttpResponse:
    """Hand out all communities and estates as a table that can be read in again."""
    audit_note(AuditAction.EXPORT, staff_of(request), "社区小区")
    return csv_response(f"社区小区 {clock.now():%Y-%m-%d}.csv", COLUMNS, gazetteer_rows())


@never_cache
@require_POST
@needs(Action.GAZETTEER_EDIT)
def import_file(request: HttpRequest) -> HttpResponse:
    """Read a table in, or tell what is wrong in which line; then nothing is stored."""
    given = request.FILES.get("file")
    if given is None:
        return _list(request, problem="请先选一个CSV文件。", status=422)
    if (given.size or 0) > LARGEST_BYTES:
        return _list(request, problem="文件太大了，要在1兆以内。", status=422)
    try:
        done = gazetteer_import(csv_text(given.read()), by=staff_of(request))
    except UnicodeDecodeError:
        problem = "这个文件打不开。请在Excel里另存为“CSV UTF-8”再传。"
        return _list(request, problem=problem, status=422)
    status = 422 if done.errors else 200
    return _list(request, done=done, errors=_some(done), status=status)


@never_cache
@require_POST
@needs(Action.GAZETTEER_EDIT)
def find(request: HttpRequest) -> HttpResponse:
    """Show to which community an address goes."""
    address = request.POST.get("address", "").strip()[:100]
    return _list(request, address=address, found=community_of(address), is_asked=bool(address))


@never_cache
@require_POST
@needs(Action.GAZETTEER_EDIT)
def community_new(request: HttpRequest) -> HttpResponse:
    """Make a community."""
    form = CommunityForm(request.POST, auto_id="new-%s")
    made = _saved(request, form, Community())
    if made is None:
        return _list(request, form=form, status=422)
    return redirect("staff-community", made.pk)


@never_cache
@require_safe
@needs(Action.GAZETTEER_EDIT)
def community(request: HttpRequest, community_id: int) -> HttpResponse:
    """Show one community with its estates, to be changed."""
    return _page(request, get_object_or_404(Community, pk=community_id))


@never_cache
@require_POST
@needs(Action.GAZETTEER_EDIT)
def act(request: HttpRequest, community_id: int, what: str) -> HttpResponse:
    """Change a community or one of its estates."""
    found = get_object_or_404(Community, pk=community_id)
    if what == "save":
        form = CommunityForm(request.POST)
        if _saved(request, form, found) is None:
            return _page(request, found, form=form, status=422)
        return redirect("staff-community", found.pk)
    if what not in _ACTS:
        raise Http404(what)
    try:
        problem = _ACTS[what](request, found)
    except GazetteerError as error:
        problem = str(error)
    if problem:
        return _page(request, found, problem=problem, status=422)
    return redirect("staff-places") if what == "delete" else redirect("staff-community", found.pk)


def _saved(request: HttpRequest, form: CommunityForm, entry: Community) -> Community | None:
    """Store what the form says; None if it cannot be, with the reason in the form."""
    if not form.is_valid():
        return None
    said = form.cleaned_data
    try:
        return community_save(
            said["name"],
            said["others"],
            said["place_id"],
            is_active=said["is_active"],
            community=entry,
            by=staff_of(request),
        )
    except GazetteerError as error:
        form.add_error("name", str(error))
        return None


def _delete(request: HttpRequest, found: Community) -> str:
    community_delete(found, by=staff_of(request))
    return ""


def _estate_save(request: HttpRequest, found: Community) -> str:
    form = EstateForm(request.POST)
    if not form.is_valid():
        return problems_of(form)
    given = request.POST.get("estate", "")
    estate = get_object_or_404(found.estates, pk=int(given)) if given.isdecimal() else None
    said, by = form.cleaned_data, staff_of(request)
    estate_save(said["name"], found, said["others"], estate=estate, by=by)
    return ""


def _estate_delete(request: HttpRequest, found: Community) -> str:
    given = request.POST.get("estate", "")
    estate = get_object_or_404(found.estates, pk=int(given) if given.isdecimal() else 0)
    estate_delete(estate, by=staff_of(request))
    return ""


_ACTS: Final[dict[str, Callable[[HttpRequest, Community], str]]] = {
    "delete": _delete,
    "estate": _estate_save,
    "estate-delete": _estate_delete,
}


def _some(done: Imported) -> list[str]:
    shown = [str(error) for error in done.errors[:MOST_ERRORS]]
    more = len(done.errors) - len(shown)
    return [*shown, f"还有{more}行有错，先改上面这些。"] if more else shown


def _list(
    request: HttpRequest, form: CommunityForm | None = None, status: int = 200, **more: Any
) -> HttpResponse:
    shown = {
        "communities": Community.objects.prefetch_related("estates"),
        "form": form or CommunityForm(auto_id="new-%s"),
        **more,
    }
    return render(request, "console/places.html", shown, status=status)


def _page(
    request: HttpRequest,
    found: Community,
    form: CommunityForm | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    fresh = Community.objects.get(pk=found.pk)
    initial = {
        "name": fresh.name,
        "others": "、".join(fresh.others),
        "place_id": fresh.place_id,
        "is_active": fresh.is_active,
    }
    estates = [(each, "、".join(each.others)) for each in fresh.estates.all()]
    shown = {
        "community": fresh,
        "form": form or CommunityForm(initial=initial),
        "estates": estates,
        "estate_form": EstateForm(auto_id="estate-%s"),
        **more,
    }
    return render(request, "console/community.html", shown, status=status)
