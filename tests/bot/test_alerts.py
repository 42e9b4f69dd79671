"""Devices and patrols report over HTTP: a key a source, each event once, storms counted."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from bot.actions import office as knowledge_office
from bot.api.sources import parse_alert_keys
from bot.checks import settings_agree
from bot.reports import services, states
from bot.reports.devices import DEVICE_KINDS, kind_of
from bot.reports.models import Report, Reporter, SourceEvent
from knowledge.search.errors import SnapshotUnavailable
from tests.bot.conftest import NIGHT
from tests.bot.reporting import MANHOLE, Office, make_office, steps, told

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("office")]

ALERTS = "/api/v1/alerts"
KEYS = "smoke:smoke-key-1,camera:camera-key-1,patrol:patrol-key-1"


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> Office:
    """An office with a clock of its own and three sources."""
    settings.BOT_ALERT_KEYS = KEYS
    return make_office(monkeypatch, settings, tmp_path)


def sends(event_id: str = "e1", *, key: str | None = "smoke-key-1", **more: Any) -> Any:
    """A source posts an alert."""
    alert = {"source": "smoke", "event_id": event_id, "kind": "smoke", "place": "明发滨江3栋201"}
    headers = {"X-API-Key": key} if key else {}
    return Client(raise_request_exception=False).post(
        ALERTS, json.dumps({**alert, **more}), content_type="application/json", headers=headers
    )


def test_a_smoke_detector_opens_an_urgent_report_at_night(desk: Office) -> None:
    desk.now = NIGHT
    response = sends(description="烟雾浓度超标", at="2026-11-23T21:59:30+08:00")
    assert response.status_code == 201
    report = Report.objects.get()
    assert response.json() == {"number": report.number, "status": "assigned", "repeats": 0}
    assert (report.kind_name, report.is_urgent, report.source) == ("烟感报警", True, "device")
    assert (report.community, report.responsible) == (desk.linjiang, desk.grid)
    assert report.sealed_description == "烟雾浓度超标（2026-11-23 21:59:30）"
    assert [event.by for event in report.events.all()] == ["office", "office"]
    assert len(told(desk.grid)) == len(told(desk.supervisor)) == 1


def test_the_same_event_again_changes_nothing(desk: Office) -> None:
    first = sends().json()
    again = sends()
    assert (again.status_code, again.json()) == (200, first)
    assert SourceEvent.objects.count() == Reporter.objects.count() == 1
    assert Report.objects.get().repeats == 0


def test_the_same_event_at_the_same_moment_is_taken_once(desk: Office) -> None:
    def send(_: int) -> tuple[int, str]:
        try:
            response = sends()
            return response.status_code, response.json()["number"]
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(send, range(10)))
    assert sorted(status for status, _ in answers) == [200] * 9 + [201]
    assert len({number for _, number in answers}) == 1


def test_a_storm_is_one_report_that_counts(desk: Office) -> None:
    number = sends().json()["number"]
    for event in range(30):
        desk.later(minutes=9)
        response = sends(f"storm-{event}")
        assert response.status_code == 200
        assert response.json() == {"number": number, "status": "assigned", "repeats": event + 1}
    assert Report.objects.count() == Reporter.objects.count() == 1
    assert steps(Report.objects.get()) == ["open", "assign"]
    assert len(told(desk.grid)) == 1
    # A repetition out of the storm is not counted twice.
    assert sends("storm-3").json()["repeats"] == 30


def test_an_alarm_after_a_quiet_time_is_told_again(desk: Office) -> None:
    sends()
    desk.later(minutes=10)
    assert sends("e2").json()["repeats"] == 1
    assert "又报警" in told(desk.grid)[-1]
    assert steps(Report.objects.get()) == ["open", "assign", "join"]


def test_a_storm_goes_on_in_the_report_that_its_own_was_joined_to(desk: Office) -> None:
    sends()
    report = Report.objects.get()
    kept = desk.hears("明发滨江3栋202", kind_of("smoke", "", lambda _: None)).report
    services.report_join(report, desk.supervisor, kept)
    assert sends("e2").json() == {"number": report.number, "status": "assigned", "repeats": 1}
    assert sends("e1").json()["number"] == report.number
    kept.refresh_from_db()
    assert (kept.repeats, Report.objects.count()) == (1, 2)


def test_after_the_end_the_next_alarm_is_a_new_report(desk: Office) -> None:
    sends()
    desk.closes(Report.objects.get(), "是做饭的油烟")
    desk.later(minutes=2)
    assert sends("e2").status_code == 201
    assert Report.objects.filter(state=states.CLOSED).count() == 1


def test_a_device_joins_what_a_resident_has_reported(desk: Office) -> None:
    reporter = desk.hears("明发滨江3栋东门", MANHOLE)
    camera = {"source": "camera", "key": "camera-key-1", "kind": "manhole"}
    response = sends(**camera, place="明发滨江小区三栋东门")
    assert (response.status_code, response.json()["number"]) == (200, reporter.number)
    assert Reporter.objects.count() == 1


@pytest.mark.parametrize("elsewhere", ["明发滨江3栋负一楼", "明发滨江3栋一楼西侧", "明发滨江3栋"])
def test_an_alarm_from_another_place_is_never_lost_in_a_near_one(
    desk: Office, elsewhere: str
) -> None:
    sends(place="明发滨江3栋一楼")
    desk.later(minutes=2)
    assert sends("e2", place=elsewhere).status_code == 201
    assert len(told(desk.grid)) == 2


def test_a_device_may_call_its_place_as_it_likes(desk: Office) -> None:
    sends(place="A-0231")
    assert sends("e2", place="A-0231").status_code == 200
    assert sends("e3", place="A-0232").status_code == 201


def test_the_level_decides_over_the_kind(desk: Office) -> None:
    camera = {"source": "camera", "key": "camera-key-1"}
    sends("1", **camera, kind="rubbish", place="明发滨江3栋")
    sends("2", **camera, kind="rubbish", place="明发滨江5栋", level="alarm")
    sends("3", place="明发滨江6栋", level="info")
    sends("4", place="明发滨江7栋", level="warning")
    assert list(Report.objects.order_by("pk").values_list("is_urgent", flat=True)) == [
        *(False, True, False, True)
    ]


def test_a_patrol_reports_by_the_id_of_a_kind(desk: Office) -> None:
    response = sends(source="patrol", key="patrol-key-1", kind="R06", place="明发滨江3栋")
    assert response.status_code == 201
    report = Report.objects.get()
    assert (report.source, report.kind_name) == ("patrol", "楼道堆东西")


@pytest.mark.parametrize("key", [None, "wrong-key-99", "tester-key-1", "", "鍵"])
def test_without_a_key_of_a_source_nothing_is_taken(desk: Office, key: str | None) -> None:
    response = sends(key=key)
    assert response.status_code == 401
    assert response["Content-Type"] == "application/problem+json"
    assert not Report.objects.exists()


def test_a_source_speaks_for_itself_only(desk: Office) -> None:
    response = sends(key="camera-key-1")
    assert response.status_code == 403
    assert "camera" in response.json()["detail"]
    assert not Report.objects.exists()


def test_a_sources_key_opens_no_other_door(desk: Office) -> None:
    response = Client().get("/api/v1/items", headers={"X-API-Key": "smoke-key-1"})
    assert response.status_code == 401


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "ghosts"),
        ("event_id", ""),
        ("place", "  "),
        ("place", 3),
        ("level", "panic"),
        ("at", "yesterday"),
        ("colour", "red"),
        ("event_id", "x" * 101),
    ],
)
def test_what_cannot_be_taken_says_which_field(desk: Office, field: str, value: Any) -> None:
    response = sends(**{field: value})
    assert response.status_code == 400
    assert field in response.json()["errors"]
    assert not Report.objects.exists()


def test_an_event_id_is_a_sources_own(desk: Office) -> None:
    first = sends("1").json()["number"]
    second = sends("1", source="camera", key="camera-key-1", kind="rubbish").json()["number"]
    assert first != second


def test_before_anything_is_published_a_source_is_told_to_come_again(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing() -> None:
        raise SnapshotUnavailable("nothing is published")

    monkeypatch.setattr(knowledge_office, "guide", nothing)
    assert sends().status_code == 201
    response = sends("2", source="camera", key="camera-key-1", kind="rubbish")
    assert response.status_code == 503


def test_every_word_of_a_device_means_a_kind_that_ships() -> None:
    guide = knowledge_office.guide()
    for word in DEVICE_KINDS:
        kind = kind_of(word, "", guide.report_kind)
        assert kind is not None
        assert kind.kind_id == DEVICE_KINDS[word], word


def test_an_alarm_whose_kind_the_office_gave_up_is_taken_all_the_same() -> None:
    kind = kind_of("manhole", "alarm", lambda _: None)
    assert kind is not None
    assert (kind.name, kind.urgent) == ("设备报警", True)
    assert kind_of("R18", "", lambda _: None) is None


def test_in_development_the_printed_key_stands_for_any_source(
    desk: Office, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BOT_ALERT_KEYS = ""
    monkeypatch.setattr("bot.api.sources.development_key", lambda: "printed-key")
    from bot.api import sources

    sources._sources.cache_clear()
    assert sends(key="printed-key").status_code == 201
    sources._sources.cache_clear()
    settings.PRODUCTION = True
    assert sends("2", key="printed-key").status_code == 401
    sources._sources.cache_clear()


@pytest.mark.parametrize(
    "text",
    [
        "smoke",
        "smoke:short",
        ":key-of-nobody",
        "a:key-11111,a:key-22222",
        "a:key-11111,b:key-11111",
    ],
)
def test_keys_that_contradict_each_other_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="BOT_ALERT_KEYS, entry"):
        parse_alert_keys(text)


def test_a_wrong_entry_of_the_keys_stops_the_start(settings: Any) -> None:
    settings.BOT_ALERT_KEYS = "smoke:short"
    assert ["BOT_ALERT_KEYS" in error.msg for error in settings_agree(None)] == [True]


def test_the_document_names_every_word_of_a_device() -> None:
    text = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
    assert all(f" {word}" in text for word in DEVICE_KINDS)


def test_the_schema_shows_the_door(desk: Office) -> None:
    schema = Client().get("/api/schema", headers={"Accept": "application/json"}).json()
    door = schema["paths"][ALERTS]["post"]
    assert {"200", "201", "400", "401", "403"} <= set(door["responses"])
    assert door["security"] == [{"alertKey": []}]
