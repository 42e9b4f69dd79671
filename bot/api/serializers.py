"""The shapes of requests and replies, strict on the way in."""

from __future__ import annotations

import re
from typing import Any

from rest_framework import serializers

from bot.conversations.messages import CHANNELS, KINDS
from knowledge.record import FACETS

LONGEST_TEXT = 4000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class Strict(serializers.Serializer[Any]):
    """Refuses fields it does not know."""

    def to_internal_value(self, data: Any) -> Any:
        """Check the names before the values."""
        if isinstance(data, dict):
            unknown = sorted(str(name) for name in set(data) - set(self.fields))
            if unknown:
                known = ", ".join(self.fields)
                raise serializers.ValidationError(
                    {unknown[0][:60]: [f"unknown field; known are {known}"]}
                )
        return super().to_internal_value(data)


class Line(serializers.CharField):
    """A string as such (no number becomes one), without control characters."""

    def to_internal_value(self, data: Any) -> str:
        """Refuse what is no string; drop what no resident can have meant."""
        if not isinstance(data, str):
            raise serializers.ValidationError(f"expected a string, got {type(data).__name__}")
        return super().to_internal_value(_SURROGATE.sub("", _CONTROL.sub("", data)))


class MessageSerializer(Strict):
    """POST /api/v1/messages."""

    conversation_id = Line(max_length=200)
    text = Line(max_length=LONGEST_TEXT, allow_blank=True, required=False, default="")
    channel = serializers.ChoiceField(choices=CHANNELS)
    message_id = Line(max_length=200, required=False, allow_blank=True, default="")
    payload = Line(max_length=300, required=False, allow_blank=True, allow_null=True, default="")
    attachments = serializers.ListField(
        child=Line(max_length=100), required=False, max_length=10, default=list
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Say something, unless it is the silence of a caller."""
        given = attrs["text"].strip() or attrs["payload"] or attrs["attachments"]
        if not given and attrs["channel"] != "voice":
            raise serializers.ValidationError({"text": ["must not be empty on this channel"]})
        return attrs


class SearchSerializer(Strict):
    """POST /api/v1/search."""

    query = Line(max_length=LONGEST_TEXT)
    top_k = serializers.IntegerField(min_value=1, max_value=50, required=False, default=10)


class LookupSerializer(Strict):
    """POST /api/v1/tickets/lookup; both may be spaced as they were told."""

    number = Line(max_length=40)
    phone = Line(max_length=40)


class FeedbackSerializer(Strict):
    """POST /api/v1/feedback."""

    turn_id = Line(max_length=40)
    helpful = serializers.BooleanField()
    reason = Line(max_length=1000, required=False, allow_blank=True, default="")


class CardSerializer(serializers.Serializer[Any]):
    """A card with rows of label and value."""

    title = serializers.CharField()
    rows = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    source = serializers.CharField()  # type: ignore[assignment]  # a field may bear the name
    updated = serializers.DateField()
    verified = serializers.BooleanField()


class AnswerSerializer(serializers.Serializer[Any]):
    """One answered question."""

    item = serializers.CharField()
    facet = serializers.ChoiceField(choices=FACETS)
    text = serializers.CharField()
    card = CardSerializer(allow_null=True)
    situations = serializers.ListField(child=serializers.CharField(), required=False)


class OfferSerializer(serializers.Serializer[Any]):
    """A candidate."""

    item = serializers.CharField()
    name = serializers.CharField()
    score = serializers.FloatField()


class ButtonSerializer(serializers.Serializer[Any]):
    """A next step."""

    title = serializers.CharField()
    payload = serializers.CharField()


class CompetentSerializer(serializers.Serializer[Any]):
    """Another body."""

    body = serializers.CharField()
    phone = serializers.CharField(allow_blank=True)
    why = serializers.CharField(allow_blank=True)


class NumberedSerializer(serializers.Serializer[Any]):
    """A ticket's or report's number and status."""

    number = serializers.CharField()
    status = serializers.CharField()


class CaseSerializer(serializers.Serializer[Any]):
    """How far a ticket or a report is: one of the two, and a sentence for the resident."""

    ticket = NumberedSerializer(allow_null=True)
    report = NumberedSerializer(allow_null=True)
    name = serializers.CharField()
    due_at = serializers.DateTimeField()
    text = serializers.CharField()


class ReplySerializer(serializers.Serializer[Any]):
    """A reply."""

    conversation_id = serializers.CharField()
    turn_id = serializers.CharField()
    kind = serializers.ChoiceField(choices=KINDS)
    intent = serializers.CharField()
    text = serializers.CharField()
    speech = serializers.ListField(child=serializers.CharField())
    item = serializers.CharField(allow_null=True)
    facet = serializers.ChoiceField(choices=FACETS, allow_null=True)
    answers = AnswerSerializer(many=True)
    candidates = OfferSerializer(many=True)
    confidence = serializers.FloatField()
    slot = serializers.CharField(allow_null=True)
    slots = serializers.DictField(child=serializers.CharField())
    buttons = ButtonSerializer(many=True)
    competent = CompetentSerializer(allow_null=True)
    ticket = NumberedSerializer(allow_null=True)
    report = NumberedSerializer(allow_null=True)


class ProblemSerializer(serializers.Serializer[Any]):
    """An error (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = serializers.JSONField(required=False)  # type: ignore[assignment]


class TurnSerializer(serializers.Serializer[Any]):
    """One turn of a conversation's history."""

    turn_id = serializers.CharField()
    text = serializers.CharField(allow_blank=True)
    attachments = serializers.ListField(child=serializers.CharField())
    asked_at = serializers.DateTimeField()
    reply = ReplySerializer()


class FoundSerializer(serializers.Serializer[Any]):
    """One ranked record."""

    id = serializers.CharField()
    kind = serializers.CharField()
    name = serializers.CharField()
    score = serializers.FloatField()
    signs = serializers.DictField(child=serializers.FloatField())


class SearchResultSerializer(serializers.Serializer[Any]):
    """Ranked records and the decision that chat would take."""

    ranked = FoundSerializer(many=True)
    probability = serializers.FloatField()
    decision = serializers.ChoiceField(choices=["answer", "ask", "step_back"])
    facets = serializers.ListField(child=serializers.CharField())
    snapshot = serializers.CharField()


class ItemSummarySerializer(serializers.Serializer[Any]):
    """An item in the list."""

    item_id = serializers.CharField()
    name = serializers.CharField()
    category = serializers.CharField()
    state = serializers.CharField()


class ChannelQuerySerializer(Strict):
    """The channel of a conversation whose history is asked for."""

    channel = serializers.ChoiceField(choices=CHANNELS, required=False, default="web")
