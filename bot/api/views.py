"""The doors of the HTTP contract."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound, PermissionDenied, Throttled, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bot import clock
from bot.actions import office
from bot.api import serializers as shapes
from bot.api.auth import Speaker
from bot.api.conversations import history, own_conversation
from bot.api.limits import LIMITS, AddressLimit
from bot.conversations import service
from bot.conversations.messages import Turn
from bot.conversations.models import Conversation, Feedback, TurnRecord
from bot.conversations.privacy import mask
from bot.reports import phrases as report_phrases
from bot.tickets import phrases as ticket_phrases
from bot.tickets.errors import TooManyTries
from bot.tickets.lookup import case_find
from bot.tickets.models import Ticket
from bot.tickets.selectors import Case
from bot.tickets.telling import standing
from knowledge.search.errors import SearchError
from nlu.protocol import read_message

PROBLEM = {
    (status, "application/problem+json"): shapes.ProblemSerializer
    for status in (400, 401, 403, 404, 429)
}


def speaker_of(request: Request) -> Speaker:
    """Return who speaks; the permission class has seen to it that somebody does."""
    assert isinstance(request.user, Speaker)
    return request.user


class MessagesView(APIView):
    """Say something, get the reply."""

    throttle_classes = LIMITS

    @extend_schema(
        request=shapes.MessageSerializer, responses={200: shapes.ReplySerializer, **PROBLEM}
    )
    def post(self, request: Request) -> Response:
        """Answer a message. The same ``message_id`` again returns the stored reply."""
        form = shapes.MessageSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        turn = _turn(speaker_of(request), form.validated_data)
        try:
            reply = service.answer(turn)
        except service.PayloadRefused as error:
            raise ValidationError({"payload": [str(error)]}) from error
        except service.AttachmentRefused as error:
            raise ValidationError({"attachments": [str(error)]}) from error
        return Response(reply.as_json())


def _turn(speaker: Speaker, data: dict[str, Any]) -> Turn:
    if data["channel"] not in speaker.channels:
        raise PermissionDenied(f"channel: {speaker.name} speaks on {sorted(speaker.channels)} only")
    if speaker.conversation_id and data["conversation_id"] != speaker.conversation_id:
        raise PermissionDenied("conversation_id: this page speaks for its own conversation only")
    return Turn(
        owner=speaker.name,
        channel=data["channel"],
        conversation_id=data["conversation_id"],
        text=data["text"],
        message_id=data["message_id"],
        payload=data["payload"] or "",
        attachments=tuple(data["attachments"]),
    )


class TurnsView(APIView):
    """What was said so far."""

    @extend_schema(
        parameters=[shapes.ChannelQuerySerializer],
        responses={200: shapes.TurnSerializer(many=True), **PROBLEM},
    )
    def get(self, request: Request, conversation_id: str) -> Response:
        """Return the last 50 turns of a conversation, oldest first, to its owner.

        A clerk's message is a turn without `text`, `turn_id` “notice-…”, its reply a `handover`.
        """
        query = shapes.ChannelQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        own = own_conversation(request, conversation_id, query.validated_data["channel"])
        found = Conversation.objects.filter(**own).first()
        if found is None:
            raise NotFound("there is no such conversation of yours")
        return Response(history(found))


class ItemsView(APIView):
    """The items."""

    @extend_schema(
        operation_id="api_v1_items_list",
        responses={200: shapes.ItemSummarySerializer(many=True), **PROBLEM},
    )
    def get(self, request: Request) -> Response:
        """List all items: published guides, and outlines that only have a name so far."""
        records = _records()
        rows = [{**row, "state": "published"} for row in records.get("items", {}).values()]
        rows += [{**row, "state": "outline"} for row in records.get("outlines", {}).values()]
        keys = ("item_id", "name", "category", "state")
        listed = [{key: row[key] for key in keys} for row in rows]
        return Response(sorted(listed, key=lambda row: row["item_id"]))


class ItemView(APIView):
    """One guide."""

    @extend_schema(responses={200: OpenApiTypes.OBJECT, **PROBLEM})
    def get(self, request: Request, item_id: str) -> Response:
        """Return a published guide field by field."""
        guide = _records().get("items", {}).get(item_id)
        if guide is None:
            raise NotFound("there is no published guide with this id; see /api/v1/items")
        return Response(guide)


class SearchView(APIView):
    """The matcher by itself."""

    throttle_classes = LIMITS[:2]

    @extend_schema(
        request=shapes.SearchSerializer, responses={200: shapes.SearchResultSerializer, **PROBLEM}
    )
    def post(self, request: Request) -> Response:
        """Rank the records for a question with the function that chat uses."""
        form = shapes.SearchSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        matcher = office.matcher()
        query, top_k = form.validated_data["query"], form.validated_data["top_k"]
        reading = read_message(matcher, query, top_k)
        match = reading.match
        ranked = [
            {"id": c.owner, "kind": c.kind, "name": c.name, "score": c.score, "signs": c.signs}
            for c in match.ranked
        ]
        return Response(
            {
                "ranked": ranked,
                "probability": round(match.probability, 4),
                "decision": match.decision,
                "facets": reading.facets,
                "snapshot": matcher.snapshot.fingerprint,
            }
        )


class LookupView(APIView):
    """A ticket or report by its number and phone."""

    throttle_classes = LIMITS[:2]

    @extend_schema(
        request=shapes.LookupSerializer, responses={200: shapes.CaseSerializer, **PROBLEM}
    )
    def post(self, request: Request) -> Response:
        """Say how far it is; one sentence for whatever does not match, after some tries 429."""
        form = shapes.LookupSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        try:
            case = case_find(given["number"], given["phone"], _asker(request))
        except TooManyTries as error:
            raise Throttled(detail=ticket_phrases.TOO_MANY_TRIES) from error
        if case is None:
            raise NotFound(ticket_phrases.NOT_MATCHED)
        return Response(_case_shape(case))


def _asker(request: Request) -> str:
    speaker = speaker_of(request)
    return f"{speaker.name} {speaker.conversation_id or AddressLimit().get_ident(request)}"


def _case_shape(case: Case) -> dict[str, Any]:
    if isinstance(case, Ticket):
        return {
            "ticket": {"number": case.number, "status": case.state},
            "report": None,
            "name": case.item_name,
            "due_at": case.due_at,
            "text": standing(case),
        }
    return {
        "ticket": None,
        "report": {"number": case.number, "status": case.report.state},
        "name": case.report.kind_name,
        "due_at": case.report.due_at,
        "text": report_phrases.standing(case, clock.now()),
    }


class FeedbackView(APIView):
    """Whether a reply helped."""

    throttle_classes = LIMITS[:2]

    @extend_schema(request=shapes.FeedbackSerializer, responses={204: None, **PROBLEM})
    def post(self, request: Request) -> Response:
        """Note whether a reply helped; the last word counts."""
        form = shapes.FeedbackSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        speaker = speaker_of(request)
        turns = TurnRecord.objects.filter(conversation__owner=speaker.name)
        if speaker.conversation_id:
            turns = turns.filter(conversation__external_id=speaker.conversation_id)
        turn = turns.filter(turn_id=form.validated_data["turn_id"]).first()
        if turn is None:
            raise NotFound("turn_id: there is no such turn of yours")
        given = {
            "helpful": form.validated_data["helpful"],
            "reason": mask(form.validated_data["reason"]),
        }
        Feedback.objects.update_or_create(turn=turn, defaults=given)
        return Response(status=204)


def _records() -> dict[str, Any]:
    return office.matcher().snapshot.records


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process is up."""
    return JsonResponse({"status": "up", "now": clock.now().isoformat(timespec="seconds")})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Database, snapshot, encoder and dialogue engine, each by itself."""
    parts = {
        "database": _database_ready(),
        "snapshot": _snapshot_ready(),
        "dialogue": service.dialogue().is_ready(),
    }
    ready = all(parts.values())
    response = JsonResponse({"ready": ready, **parts}, status=200 if ready else 503)
    # Not being ready yet is an answer, not an error to log.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _database_ready() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:  # noqa: BLE001 (whatever the driver raises, the answer is no)
        return False
    return True


def _snapshot_ready() -> bool:
    try:
        office.matcher()
    except SearchError:
        return False
    return True
