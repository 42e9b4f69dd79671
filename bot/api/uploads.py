"""Pictures that residents send along: taken once, shown again to whoever sent them."""

from __future__ import annotations

import logging
from typing import Any

from django.http import HttpResponse
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, NotFound
from rest_framework.parsers import MultiPartParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bot.api.auth import (
    WEB_PAGE,
    ApiKeyAuthentication,
    ConversationTokenAuthentication,
    Speaker,
    conversation_of_token,
)
from bot.api.conversations import own_conversation
from bot.api.events import EventStreamRenderer
from bot.api.limits import AddressLimit, ConversationLimit, KeyLimit
from bot.api.serializers import Line, ProblemSerializer, Strict
from bot.api.views import PROBLEM, speaker_of
from bot.channels.web import COOKIE
from bot.conversations.messages import CHANNELS
from bot.conversations.models import Conversation
from bot.conversations.service import sender_of
from bot.encryption import Undecipherable
from bot.evidence import phrases
from bot.evidence.errors import EvidenceLost, TooLarge, TooMany, UploadRefused
from bot.evidence.models import Upload
from bot.evidence.pictures import LARGEST_BYTES
from bot.evidence.selectors import upload_bytes
from bot.evidence.services import upload_take

log = logging.getLogger(__name__)

# What stands around the file in a body.
_ENVELOPE_BYTES = 64 * 1024
_STATUS: dict[type[UploadRefused], int] = {TooLarge: 413, TooMany: 429}
_REFUSED = {(413, "application/problem+json"): ProblemSerializer}


class _OfUploads:
    """Counts uploads apart from messages."""

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        """Count under a name of its own."""
        key = super().get_cache_key(request, view)  # type: ignore[misc]
        return f"upload:{key}" if key else None


class UploadKeyLimit(_OfUploads, KeyLimit):
    """Uploads of an outside program."""

    rate = "300/min"


class UploadAddressLimit(_OfUploads, AddressLimit):
    """Uploads of a machine in front of the page."""

    rate = "30/min"


class UploadConversationLimit(_OfUploads, ConversationLimit):
    """Uploads of one conversation."""

    rate = "15/min"


class CookieAuthentication(BaseAuthentication):
    """The page's own cookie: for pictures in the page, which a browser fetches without headers.

    For reading only; a form elsewhere could make a browser send it.
    """

    def authenticate(self, request: Request) -> tuple[Speaker, None] | None:
        """Return the page as a speaker, None without a valid cookie."""
        conversation_id = conversation_of_token(request.COOKIES.get(COOKIE, ""))
        if conversation_id is None:
            return None
        return Speaker(WEB_PAGE, frozenset({"web"}), conversation_id), None


class CookieScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema describes the page's cookie."""

    target_class = CookieAuthentication
    name = "pageCookie"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Return the OpenAPI security scheme."""
        return {"type": "apiKey", "in": "cookie", "name": COOKIE}


class FileRefused(APIException):
    """A file that is not taken; the detail is for whoever sent it."""

    def __init__(self, detail: str, status_code: int) -> None:
        super().__init__(detail)
        self.status_code = status_code


class UploadSerializer(Strict):
    """POST /api/v1/uploads."""

    conversation_id = Line(max_length=200)
    channel = serializers.ChoiceField(choices=CHANNELS)
    file = serializers.FileField(allow_empty_file=True)


class TakenSerializer(serializers.Serializer[Any]):
    """A picture as it is kept."""

    upload_id = serializers.CharField()
    content_type = serializers.CharField()
    size = serializers.IntegerField()


class PictureRenderer(EventStreamRenderer):
    """Lets clients ask for pictures; what is rendered by it are problems."""

    media_type = "image/*"
    format = "picture"


class UploadsView(APIView):
    """Where pictures come in."""

    parser_classes = [MultiPartParser]  # noqa: RUF012 (as its base declares it)
    throttle_classes = [UploadKeyLimit, UploadAddressLimit, UploadConversationLimit]  # noqa: RUF012

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse by its announced length what need not be read."""
        if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_BYTES + _ENVELOPE_BYTES:
            raise FileRefused(phrases.TOO_LARGE, _STATUS[TooLarge])
        super().initial(request, *args, **kwargs)

    @extend_schema(
        request={"multipart/form-data": UploadSerializer},
        responses={201: TakenSerializer, **PROBLEM, **_REFUSED},
    )
    def post(self, request: Request) -> Response:
        """Take a photo (JPEG, PNG, WebP; 10 MB, 40 megapixels) of a conversation of the speaker's.

        It is made anew without what the camera wrote into it. `upload_id` belongs into the
        `attachments` of a message of the same conversation within a day. What is refused says
        why in Chinese, for whoever sent it.
        """
        form = UploadSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        own = own_conversation(request, given["conversation_id"], given["channel"])
        owner = sender_of(own["owner"], own["channel"], own["external_id"])
        upload = _taken(given["file"].read(LARGEST_BYTES + 1), owner)
        taken = {
            "upload_id": upload.upload_id,
            "content_type": upload.content_type,
            "size": upload.size_bytes,
        }
        return Response(taken, status=status.HTTP_201_CREATED)


def _taken(data: bytes, owner: str) -> Upload:
    try:
        return upload_take(data, owner=owner)
    except UploadRefused as error:
        code = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 400)
        raise FileRefused(str(error), code) from error


class UploadView(APIView):
    """A picture that was sent."""

    authentication_classes = [  # noqa: RUF012 (as its base declares it)
        ApiKeyAuthentication,
        ConversationTokenAuthentication,
        CookieAuthentication,
    ]
    renderer_classes = [PictureRenderer, JSONRenderer]  # noqa: RUF012
    throttle_classes = [KeyLimit, AddressLimit]  # noqa: RUF012

    @extend_schema(responses={(200, "image/jpeg"): OpenApiTypes.BINARY, **PROBLEM})
    def get(self, request: Request, upload_id: str) -> HttpResponse:
        """Return a picture as it is kept to whoever speaks for its conversation."""
        upload = Upload.objects.filter(upload_id=upload_id).exclude(owner="").first()
        if upload is None or not _is_own(speaker_of(request), upload.owner):
            raise NotFound("there is no such upload of yours")
        try:
            data = upload_bytes(upload)
        except (EvidenceLost, Undecipherable) as error:
            log.error("upload %s cannot be shown: %s", upload.pk, error)
            raise NotFound("there is no such upload of yours") from error
        response = HttpResponse(data, content_type=upload.content_type)
        response.headers["Cache-Control"] = "no-store"
        return response


def _is_own(speaker: Speaker, owner: str) -> bool:
    """Whether an upload's sender is a conversation that the speaker speaks for."""
    if speaker.conversation_id:
        chats = ((speaker.name, name, speaker.conversation_id) for name in speaker.channels)
        return owner in {sender_of(*chat) for chat in chats}
    return Conversation.objects.filter(sender=owner, owner=speaker.name).exists()
