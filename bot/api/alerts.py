"""What devices, patrols and other programs report: one key a source, each event taken once."""

from __future__ import annotations

import hashlib
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bot.actions import office
from bot.api.limits import AlertLimit
from bot.api.serializers import Line, Strict
from bot.api.sources import AlertKeyAuthentication, AlertSource
from bot.api.views import PROBLEM
from bot.reports.devices import DEVICE_KINDS, LEVELS, kind_of
from bot.reports.models import Report
from bot.reports.opening import Asking
from bot.reports.services import ReportRequest, report_take
from knowledge.record import ReportKind
from knowledge.search.errors import SearchError

# Whose name says that no device speaks.
_SOURCES = {"patrol": Report.Source.PATROL, "hotline": Report.Source.HOTLINE}


class AlertSerializer(Strict):
    """POST /api/v1/alerts."""

    source = Line(max_length=40)  # type: ignore[assignment]  # a field may bear the name
    event_id = Line(max_length=100)
    kind = Line(max_length=40)
    place = Line(max_length=200)
    description = Line(max_length=1000, required=False, allow_blank=True, default="")
    at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    level = serializers.ChoiceField(choices=LEVELS, required=False, allow_blank=True, default="")


class AlertTakenSerializer(serializers.Serializer[Any]):
    """The report that an alert has led to, and how often it was told again since."""

    number = serializers.CharField()
    status = serializers.CharField()
    repeats = serializers.IntegerField()


class AlertsView(APIView):
    """Devices, patrols, other programs."""

    authentication_classes = [AlertKeyAuthentication]  # noqa: RUF012 (as its base declares it)
    throttle_classes = [AlertLimit]  # noqa: RUF012

    @extend_schema(
        request=AlertSerializer,
        responses={200: AlertTakenSerializer, 201: AlertTakenSerializer, **PROBLEM},
    )
    def post(self, request: Request) -> Response:
        """Report something; 201 opens a report, 200 repeats a known event or joins an open one.

        `source` is the name that the key belongs to. `kind` is the id of a kind of report (R05) or
        a device's word: smoke, fire, falling_object, face_gate, lift_fault, … `level` alarm makes
        it urgent, info never is. The same `event_id` of a source again changes nothing; another
        event of the same kind at the same place is counted in `repeats`.
        """
        form = AlertSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        alert = form.validated_data
        source = request.user
        assert isinstance(source, AlertSource)
        if source.name not in ("", alert["source"]):
            raise PermissionDenied(f"source: this key speaks for “{source.name}” only")
        opening = report_take(_request(alert, _kind(alert)), Asking(_key(alert)))
        report = opening.reporter.report
        taken = {
            "number": opening.reporter.number,
            "status": report.state,
            "repeats": report.repeats,
        }
        return Response(taken, status=201 if opening.is_new else 200)


class NotReady(APIException):
    """Nothing is published yet; the sender tries again."""

    status_code = 503
    default_detail = "the kinds of reports are not published yet; try again"


def _kind(alert: dict[str, Any]) -> ReportKind:
    try:
        found = kind_of(alert["kind"], alert["level"], _published)
    except SearchError as error:
        raise NotReady from error
    if found is None:
        known = ", ".join(DEVICE_KINDS)
        raise ValidationError({"kind": [f"expected the id of a kind of report, or {known}"]})
    return found


def _published(kind_id: str) -> ReportKind | None:
    return office.guide().report_kind(kind_id)


def _request(alert: dict[str, Any], kind: ReportKind) -> ReportRequest:
    at = alert["at"]
    seen = f"（{at:%Y-%m-%d %H:%M:%S}）" if at else ""
    return ReportRequest(
        kind=kind,
        place=alert["place"],
        description=f"{alert['description']}{seen}",
        source=_SOURCES.get(alert["source"], Report.Source.DEVICE),
        source_name=alert["source"],
        source_event_id=alert["event_id"],
    )


def _key(alert: dict[str, Any]) -> str:
    event = f"{alert['source']}\0{alert['event_id']}"
    return hashlib.sha256(event.encode()).hexdigest()
