"""A reply as it is heard on the telephone, for whoever writes or reviews it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from bot.accounts.policies import Action
from bot.channels.phone.aloud import NoVoice, wav_of
from bot.console.asking import needs


@never_cache
@require_POST
@needs(Action.KNOWLEDGE_VIEW)
def aloud(request: HttpRequest) -> HttpResponse:
    """Return sentences, a line each, as sound; a sentence why not if there is no voice."""
    try:
        sound = wav_of(request.POST.get("text", "").splitlines())
    except NoVoice as error:
        return JsonResponse({"problem": str(error)}, status=503)
    return HttpResponse(sound, content_type="audio/wav")
