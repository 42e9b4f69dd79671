"""Telegram's door in the web process: writes an update down and says thank you.

The Telegram process deals with it (``process``), so that any number of web processes may stand at
the door. Telegram repeats what was not thanked for; a repeated update is known.
"""

from __future__ import annotations

import hmac
import json

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from bot.channels.telegram.records import update_keep

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 (a name, no secret)


@csrf_exempt
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    """Take an update from who knows the secret; 404 unless the webhook is in use."""
    if settings.BOT_TELEGRAM_MODE != "webhook" or not settings.BOT_TELEGRAM_TOKEN:
        return HttpResponse(status=404)
    given = request.headers.get(SECRET_HEADER, "")
    secret = settings.BOT_TELEGRAM_WEBHOOK_SECRET
    if not secret or not hmac.compare_digest(given.encode(), secret.encode()):
        return HttpResponse(status=403)
    update_id = _update_id(request.body)
    if update_id is None:
        return HttpResponse(status=400)
    update_keep(update_id, request.body.decode())
    return HttpResponse()


def _update_id(body: bytes) -> int | None:
    """Return the number of an update, None if it is not one."""
    try:
        data = json.loads(body.decode())
    except ValueError:
        return None
    update_id = data.get("update_id") if isinstance(data, dict) else None
    if not isinstance(update_id, int) or isinstance(update_id, bool):
        return None
    return update_id if 0 <= update_id < 2**63 else None
