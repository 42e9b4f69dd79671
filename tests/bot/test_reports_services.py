"""From a complaint to evidence and an answer, and back again when it is not solved."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from bot.accounts.policies import Forbidden
from bot.casework.life import NotAllowed
from bot.evidence.errors import NoSuchUpload
from bot.evidence.models import Upload
from bot.evidence.services import upload_take, uploads_attach
from bot.handovers.models import Notice
from bot.reports import phrases, services, states
from bot.reports.errors import Incomplete, Unsuitable
from bot.reports.models import Report, Reporter, ReportEvent
from bot.reports.selectors import overdue, reports_open, uploads_of
from bot.reports.services import ReportRequest
from tests.bot.conftest import MONDAY_MORNING, NIGHT
from tests.bot.reporting import (
    LAMP,
    MANHOLE,
    MANNERS,
    WAGES,
    Office,
    Role,
    heard,
    make_kind,
    make_office,
    picture,
    steps,
    told,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> Office:
    """An office with a clock of its own."""
    return make_office(monkeypatch, settings, tmp_path)


def test_a_report_is_given_to_one_person_at_once_who_is_told(desk: Office) -> None:
    reporter = desk.hears()
    report = reporter.report
    assert (reporter.number, report.number) == (report.number, reporter.number)
    assert (report.state, report.responsible) == (states.ASSIGNED, desk.grid)
    assert report.community == desk.linjiang
    assert steps(report) == ["open", "assign"]
    assert [event.by for event in report.events.all()] == ["resident", "office"]
    assert [report.number[:6] in line.replace(" ", "") for line in told(desk.grid)] == [True]
    assert told(desk.supervisor) == []


def test_it_is_due_after_the_working_days_of_its_kind(desk: Office) -> None:
    report = desk.hears().report
    assert report.due_at == MONDAY_MORNING.replace(day=26, hour=17, minute=30)


def test_what_is_urgent_is_due_now_and_told_at_night_to_the_supervisors_too(desk: Office) -> None:
    desk.now = NIGHT
    report = desk.hears(kind=MANHOLE).report
    assert (report.is_urgent, report.due_at) == (True, NIGHT)
    assert "加急" in told(desk.grid)[0]
    assert "加急" in told(desk.supervisor)[0]


def test_wage_arrears_go_to_the_supervisors_at_once(desk: Office) -> None:
    report = desk.hears("滨江大道工地", WAGES).report
    assert (report.is_urgent, report.responsible) == (True, desk.dispatcher)
    assert len(told(desk.dispatcher)) == len(told(desk.supervisor)) == 1


def test_what_is_not_urgent_waits_for_the_office_to_open(desk: Office) -> None:
    desk.now = NIGHT
    report = desk.hears().report
    assert report.responsible == desk.grid
    assert (told(desk.grid), report.told_at) == ([], None)


def test_a_complaint_about_a_clerk_goes_above_the_clerks(desk: Office) -> None:
    assert desk.hears("街道大厅", MANNERS).report.responsible == desk.supervisor


def test_without_anybody_for_the_role_a_supervisor_answers_for_it(desk: Office) -> None:
    assert desk.hears("大华锦绣东门").report.responsible == desk.supervisor


def test_without_anybody_at_all_it_is_kept_open(desk: Office) -> None:
    for person in (desk.grid, desk.supervisor, desk.dispatcher):
        person.is_active = False
        person.save()
    report = desk.hears().report
    assert (report.state, report.responsible) == (states.OPENED, None)


def test_the_same_request_key_is_one_report(desk: Office) -> None:
    request, talk = ReportRequest(LAMP, "", "灯不亮"), desk.talk()
    first = services.report_open(request, "yes-1", conversation=talk)
    assert services.report_open(request, "yes-1", conversation=talk) == first
    assert services.report_open(request, "yes-2", conversation=talk) != first
    assert Report.objects.count() == 2


def test_the_same_request_key_at_the_same_moment_is_one_report(desk: Office) -> None:
    request = ReportRequest(LAMP, "", "灯不亮")

    def ask(_: int) -> str:
        try:
            return services.report_open(request, "yes-1").number
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        numbers = set(pool.map(ask, range(12)))
    assert len(numbers) == Report.objects.count() == Reporter.objects.count() == 1


def test_neighbours_who_report_the_same_at_the_same_moment_share_one_report(desk: Office) -> None:
    def ask(number: int) -> str:
        try:
            request = ReportRequest(LAMP, "明发滨江3栋楼下", f"第{number}个人说")
            return services.report_open(request, f"neighbour-{number}").number
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        numbers = set(pool.map(ask, range(12)))
    assert (len(numbers), Report.objects.count()) == (12, 1)
    assert steps(Report.objects.get()).count("join") == 11


def test_a_joined_report_keeps_a_number_and_its_words_and_tells_everybody(desk: Office) -> None:
    mine, hers = desk.talk(), desk.talk()
    first = desk.hears(conversation=mine)
    second = desk.hears("明发滨江 三栋楼下", conversation=hers, description="昨晚摔了一跤")
    assert second.report == first.report
    assert second.number != first.number
    assert first.report.events.last().note == "昨晚摔了一跤"
    services.report_start(first.report, desk.grid)
    for talk, number in ((mine, first.number), (hers, second.number)):
        (text,) = heard(talk)
        assert f"{number[:6]} {number[6:]}" in text
        assert "小李" in text


def test_who_reports_the_same_twice_is_told_once(desk: Office) -> None:
    talk = desk.talk()
    report = desk.hears(conversation=talk).report
    desk.hears(conversation=talk)
    services.report_start(report, desk.grid)
    assert len(heard(talk)) == 1


def test_an_urgent_voice_makes_a_joined_report_urgent(desk: Office) -> None:
    report = desk.hears().report
    desk.later(hours=1)
    desk.hears(kind=make_kind(urgent=True))
    report.refresh_from_db()
    assert (report.is_urgent, report.due_at) == (True, desk.now)
    assert len(told(desk.grid)) == 2
    assert len(told(desk.supervisor)) == 1


def test_what_is_over_is_not_joined(desk: Office) -> None:
    first = desk.hears().report
    desk.closes(first)
    assert desk.hears().report != first


def test_only_evidence_closes_a_report(desk: Office) -> None:
    report = desk.hears().report
    with pytest.raises(NotAllowed):
        services.report_close(report, desk.supervisor, "修好了")
    with pytest.raises(Incomplete, match="照片"):
        services.report_give_evidence(report, desk.grid, "修好了", [])
    services.report_give_evidence(report, desk.grid, "换了灯泡", [desk.photo(desk.grid)])
    assert "核实" in told(desk.supervisor)[-1]
    with pytest.raises(Incomplete, match="答复"):
        services.report_close(report, desk.supervisor, "  ")
    closed = services.report_close(report, desk.supervisor, "灯泡换好了")
    assert (closed.state, closed.closed_at) == (states.CLOSED, desk.now)
    assert steps(report) == ["open", "assign", "give_evidence", "close"]


def test_a_picture_from_whoever_reported_it_is_no_evidence(desk: Office) -> None:
    reporter = desk.hears()
    hers = upload_take(picture(), owner="sender-wang")
    uploads_attach([hers.upload_id], reporter.number, owner="sender-wang")
    with pytest.raises(Incomplete):
        services.report_give_evidence(reporter.report, desk.grid, "好了", [hers.upload_id])
    stranger = desk.photo(desk.dispatcher)
    with pytest.raises(NoSuchUpload):
        services.report_give_evidence(reporter.report, desk.grid, "好了", [stranger])
    reporter.report.refresh_from_db()
    assert reporter.report.state == states.ASSIGNED
    Report.objects.update(state=states.EVIDENCE_GIVEN)
    with pytest.raises(Incomplete, match="照片"):
        services.report_close(reporter.report, desk.supervisor, "好了")


def test_evidence_that_shows_nothing_is_sent_back(desk: Office) -> None:
    report = desk.hears().report
    services.report_give_evidence(report, desk.grid, "好了", [desk.photo(desk.grid)])
    with pytest.raises(Incomplete, match="整改"):
        services.report_send_back(report, desk.supervisor, "")
    back = services.report_send_back(report, desk.supervisor, "看不清是哪盏灯")
    assert back.state == states.IN_PROGRESS
    assert "退回" in told(desk.grid)[-1]


def test_the_pictures_of_everybody_belong_to_the_report(desk: Office) -> None:
    first, second = desk.hears(), desk.hears()
    for reporter in (first, second):
        hers = upload_take(picture(), owner=reporter.conversation.sender)
        uploads_attach([hers.upload_id], reporter.number, owner=hers.owner)
    services.report_give_evidence(first.report, desk.grid, "好了", [desk.photo(desk.grid)])
    assert uploads_of(first.report).count() == Upload.objects.count() == 3


def test_not_solved_opens_it_again_and_everybody_concerned_hears(desk: Office) -> None:
    mine, hers = desk.talk(), desk.talk()
    reporter = desk.hears(conversation=mine)
    desk.hears(conversation=hers)
    desk.closes(reporter.report)
    assert "灯泡换好了" in heard(mine)[-1]
    assert "没解决" in heard(mine)[-1]
    desk.later(days=1)
    report = services.report_verdict(reporter, False, "又灭了")
    assert (report.state, report.reopened_count, report.closed_at) == (states.REOPENED, 1, None)
    assert report.due_at == MONDAY_MORNING.replace(day=27, hour=17, minute=30)
    assert report.events.last().note == "又灭了"
    assert "重新处理" in heard(hers)[-1]
    assert "没解决" in told(desk.grid)[-1]
    assert "没解决" in told(desk.supervisor)[-1]
    # The old picture shows nothing any more.
    old = Upload.objects.get().upload_id
    with pytest.raises(Incomplete):
        services.report_give_evidence(report, desk.grid, "好了", [old])
    assert desk.closes(report).state == states.CLOSED


def test_solved_is_noted_and_changes_nothing_and_a_new_end_asks_anew(desk: Office) -> None:
    reporter, other = desk.hears(), desk.hears()
    assert services.report_verdict(reporter, False, "还没来人").state == states.ASSIGNED
    desk.closes(reporter.report)
    reporter.refresh_from_db()
    assert reporter.verdict == ""
    report = services.report_verdict(reporter, True)
    assert (report.state, report.events.last().step) == (states.CLOSED, "verdict")
    assert services.report_verdict(other, False).state == states.REOPENED
    assert services.report_verdict(reporter, False).reopened_count == 1


def test_refusing_names_the_reason_and_who_is_competent(desk: Office) -> None:
    talk = desk.talk()
    report = desk.hears(conversation=talk).report
    with pytest.raises(Incomplete, match="归哪里管"):
        services.report_refuse(report, desk.supervisor, "是市政路灯", "")
    services.report_refuse(report, desk.supervisor, "是市政路灯。", "路灯管理处")
    assert "因为：是市政路灯；这件事归路灯管理处管" in heard(talk)[-1]


def test_joining_by_hand_takes_the_reporters_along(desk: Office) -> None:
    talk = desk.talk()
    kept, gone = desk.hears("明发滨江5栋").report, desk.hears("明发滨江8栋", conversation=talk)
    assert gone.report != kept
    services.report_join(gone.report, desk.supervisor, kept)
    gone.refresh_from_db()
    joined = Report.objects.get(number=gone.number)
    assert (joined.state, joined.joined_to, gone.report) == (states.JOINED, kept, kept)
    assert "同一件事" in heard(talk)[-1]
    services.report_start(kept, desk.grid)
    assert gone.number[6:] in heard(talk)[-1]
    # Whoever reports the joined one's place finds the one that is left.
    assert desk.hears("明发滨江8栋").report == kept


def test_joining_by_hand_leaves_neither_haste_nor_time_behind(desk: Office) -> None:
    kept = desk.hears("明发滨江5栋").report
    desk.later(hours=1)
    urgent = desk.hears("明发滨江8栋", make_kind(urgent=True)).report
    before = len(told(desk.supervisor))
    left = services.report_join(urgent, desk.supervisor, kept)
    assert (left.is_urgent, left.due_at) == (True, urgent.due_at)
    assert "urgent" in steps(kept)
    assert len(told(desk.supervisor)) == before + 1
    young = desk.hears("明发滨江9栋", make_kind(days=9)).report
    assert services.report_join(kept, desk.supervisor, young).due_at == urgent.due_at


def test_a_report_is_joined_only_to_another_open_one(desk: Office) -> None:
    report, over = desk.hears("明发滨江5栋").report, desk.hears("明发滨江8栋").report
    desk.closes(over)
    for target in (report, over):
        with pytest.raises(Unsuitable):
            services.report_join(report, desk.supervisor, target)
    assert "join" not in steps(report)


def test_only_somebody_who_may_work_on_reports_is_made_to_answer_for_one(desk: Office) -> None:
    report = desk.hears().report
    with pytest.raises(Unsuitable, match="小陶"):
        services.report_assign(report, desk.supervisor, desk.hire("小陶", Role.EDITOR))
    given = services.report_assign(report, desk.supervisor, desk.dispatcher)
    assert given.responsible == desk.dispatcher
    assert len(told(desk.dispatcher)) == 1


def test_a_complaint_about_clerks_is_seen_and_handled_by_supervisors_alone(desk: Office) -> None:
    report = desk.hears("临江社区服务大厅", MANNERS).report
    other = desk.hears().report
    assert report.responsible == desk.supervisor
    intake = desk.hire("小钱", Role.INTAKE)
    for attempt in (
        lambda: services.report_assign(report, desk.dispatcher, desk.dispatcher),
        lambda: services.report_refuse(report, intake, "没有的事", "没人管"),
        lambda: services.report_join(report, intake, other),
    ):
        with pytest.raises(Forbidden):
            attempt()
    with pytest.raises(Unsuitable, match="小周"):
        services.report_assign(report, desk.supervisor, desk.dispatcher)
    for first, second in ((report, other), (other, report)):
        with pytest.raises(Unsuitable, match="单独办"):
            services.report_join(first, desk.supervisor, second)
    second = desk.hire("老孙", Role.SUPERVISOR)
    assert services.report_assign(report, desk.supervisor, second).responsible == second


def test_complaints_about_clerks_from_before_are_marked_too(desk: Office) -> None:
    report = desk.hears("临江社区服务大厅", MANNERS).report
    desk.hears()
    Report.objects.update(is_about_staff=False)
    import_module("bot.reports.migrations.0003_report_about_staff").mark(apps, None)
    assert list(Report.objects.filter(is_about_staff=True)) == [report]


def test_who_put_it_right_does_not_close_it_herself_but_a_supervisor_may(desk: Office) -> None:
    report = desk.hears().report
    services.report_assign(report, desk.supervisor, desk.dispatcher)
    services.report_give_evidence(report, desk.dispatcher, "换了", [desk.photo(desk.dispatcher)])
    with pytest.raises(Forbidden):
        services.report_close(report, desk.dispatcher, "好了")
    colleague = desk.hire("小孙", Role.DISPATCHER)
    assert services.report_close(report, colleague, "好了").state == states.CLOSED
    alone = desk.hears("临江社区服务大厅", MANNERS).report
    services.report_give_evidence(alone, desk.supervisor, "谈过", [desk.photo(desk.supervisor)])
    assert services.report_close(alone, desk.supervisor, "好了").state == states.CLOSED


def test_from_whom_it_is_taken_hears_of_it(desk: Office) -> None:
    report = desk.hears().report
    services.report_assign(report, desk.supervisor, desk.grid)
    assert len(told(desk.grid)) == 2
    services.report_assign(report, desk.supervisor, desk.dispatcher)
    assert "转给别人" in told(desk.grid)[-1]
    services.report_assign(report, desk.dispatcher, desk.grid)
    assert len(told(desk.dispatcher)) == 1


def test_a_stranger_may_do_nothing(desk: Office) -> None:
    report, other = desk.hears().report, desk.hears("明发滨江8栋").report
    stranger = desk.hire("小陶", Role.GRID, desk.zhenzhulu)
    for attempt in (
        lambda: services.report_assign(report, stranger, stranger),
        lambda: services.report_start(report, stranger),
        lambda: services.report_give_evidence(report, stranger, "", ["x"]),
        lambda: services.report_send_back(report, stranger, "x"),
        lambda: services.report_close(report, stranger, "x"),
        lambda: services.report_refuse(report, stranger, "x", "y"),
        lambda: services.report_join(report, stranger, other),
    ):
        with pytest.raises(Forbidden):
            attempt()
    editor = desk.hire("小陆", Role.EDITOR)
    with pytest.raises(Forbidden):
        services.report_open(ReportRequest(LAMP, "", ""), "k", staff=editor)


def test_a_caller_without_a_conversation_is_told_by_telephone(desk: Office) -> None:
    request = ReportRequest(LAMP, "明发滨江3栋", "灯不亮", phone="13900000000", source="hotline")
    reporter = services.report_open(request, "k", staff=desk.dispatcher)
    assert reporter.report.events.first().by == "staff"
    (notice,) = Notice.objects.all()
    assert (notice.sealed_address, "登记好了" in notice.text) == ("13900000000", True)
    services.report_start(reporter.report, desk.grid)
    assert Notice.objects.count() == 2


def test_nobody_is_told_of_an_anonymous_report_without_phone_or_conversation(desk: Office) -> None:
    reporter = services.report_open(ReportRequest(LAMP, "明发滨江3栋", "灯不亮"), "k")
    desk.closes(reporter.report)
    assert not Notice.objects.exists()


def test_neither_place_nor_words_nor_phone_stand_in_clear_in_the_table(desk: Office) -> None:
    desk.hears("明发滨江3栋楼下", description="老太太摔了", phone="13900000000")
    with connection.cursor() as cursor:
        for model in (Report, Reporter, ReportEvent):
            cursor.execute(f"SELECT * FROM {model._meta.db_table}")
            rows = repr(cursor.fetchall())
            assert not any(word in rows for word in ("明发", "老太太", "13900000000"))


def test_how_far_it_is_can_be_said_in_every_state(desk: Office) -> None:
    reporter = desk.hears()
    said = phrases.standing(reporter, desk.now)
    assert "小李" in said
    assert "最晚11月26日下午5点半" in said
    assert "晚了" in phrases.standing(reporter, desk.now + timedelta(days=9))
    for state in states.LABELS:
        reporter.report.state = state
        assert reporter.number[6:] in phrases.standing(reporter, desk.now)


def test_the_list_has_the_urgent_and_the_late_first(desk: Office) -> None:
    late = desk.hears("明发滨江5栋").report
    desk.later(days=7)
    young = desk.hears("明发滨江8栋").report
    urgent = desk.hears("明发滨江9栋", MANHOLE).report
    desk.closes(desk.hears("明发滨江11栋").report)
    assert list(reports_open()) == [urgent, late, young]
    assert list(overdue(desk.now)) == [urgent, late]
