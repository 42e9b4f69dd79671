"""The page of the telephone's fixed sentences: listen, put in a recording, take it out."""

from __future__ import annotations

from typing import Any, Final

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from bot.accounts.policies import Action
from bot.channels.phone.recording import (
    LARGEST_BYTES,
    RecordingRefused,
    Sentence,
    path_of,
    recording_remove,
    recording_store,
    sentence,
    sentences,
)
from bot.console.asking import needs, staff_of

FILTERS: Final = (("", "全部"), ("missing", "还没录的"), ("there", "录好的"))


@never_cache
@require_safe
@needs(Action.PROMPTS_EDIT)
def recordings(request: HttpRequest) -> HttpResponse:
    """Show all sentences with what is recorded of them."""
    return _page(request)


@never_cache
@require_safe
@needs(Action.PROMPTS_EDIT)
def sound(request: HttpRequest, prompt_id: str) -> FileResponse:
    """Play the recording of a sentence as a caller hears it."""
    if not _known(prompt_id).has_recording:
        raise Http404(prompt_id)
    return FileResponse(path_of(prompt_id).open("rb"), content_type="audio/wav")


@never_cache
@require_POST
@needs(Action.PROMPTS_EDIT)
def store(request: HttpRequest, prompt_id: str) -> HttpResponse:
    """Put in a recording, or tell why it cannot be used."""
    _known(prompt_id)
    given = request.FILES.get("file")
    if given is None:
        return _page(request, wrong=prompt_id, problem="请先选一个录音文件。", status=422)
    if (given.size or 0) > LARGEST_BYTES:
        limit = f"文件太大了，要在{LARGEST_BYTES // 1_000_000}兆以内。"
        return _page(request, wrong=prompt_id, problem=limit, status=422)
    try:
        recording_store(staff_of(request), prompt_id, given.read())
    except RecordingRefused as refused:
        return _page(request, wrong=prompt_id, problem=str(refused), status=422)
    return _back(prompt_id)


@never_cache
@require_POST
@needs(Action.PROMPTS_EDIT)
def remove(request: HttpRequest, prompt_id: str) -> HttpResponse:
    """Take a recording out."""
    _known(prompt_id)
    recording_remove(staff_of(request), prompt_id)
    return _back(prompt_id)


def _known(prompt_id: str) -> Sentence:
    found = sentence(prompt_id)
    if found is None:
        raise Http404(prompt_id)
    return found


def _back(prompt_id: str) -> HttpResponse:
    response = redirect("staff-recordings")
    response["Location"] += f"#{prompt_id}"
    return response


def _page(request: HttpRequest, status: int = 200, **more: Any) -> HttpResponse:
    found, chosen = sentences(), request.GET.get("only", "")
    rows = [
        one
        for one in found
        if chosen not in ("missing", "there") or one.has_recording == (chosen == "there")
    ]
    shown = {
        "rows": rows,
        "filters": FILTERS,
        "chosen": chosen,
        "recorded": sum(one.has_recording for one in found),
        "total": len(found),
        **more,
    }
    return render(request, "console/recordings.html", shown, status=status)
