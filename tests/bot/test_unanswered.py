"""What was not answered well: what counts, what is grouped, what is made of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as given
from django.test import Client

from bot import clock
from bot.accounts.models import StaffRole
from bot.accounts.policies import Forbidden
from bot.conversations.models import Conversation, Feedback, TurnRecord
from bot.curation import answering, clustering, services
from bot.curation.blank import blank_content
from bot.curation.errors import CurationError, NoSuchRecord, SomeoneHasIt
from bot.curation.misses import misses_since
from bot.curation.models import Revision, UnansweredCluster
from bot.handovers.models import Handover, Notice
from knowledge.changes import ENTRY_KINDS, ITEM
from knowledge.files import KnowledgeFiles
from knowledge.search.matcher import Matcher
from tests.bot.curating import Desk, make_desk
from tests.bot.ticketing import make_staff, make_talk
from tests.people import LetterEncoder

pytestmark = pytest.mark.django_db
Role = StaffRole.Role
PAGE = "/staff/knowledge/unanswered/"
LONG_AGO = timedelta(weeks=9)


def ask(
    text: str,
    kind: str = "fallback",
    *,
    talk: Conversation | None = None,
    confidence: float = 0.1,
    payload: str = "",
    before: timedelta = timedelta(hours=1),
) -> TurnRecord:
    """A resident's turn and the kind of reply that it got."""
    number = TurnRecord.objects.count()
    return TurnRecord.objects.create(
        conversation=talk or make_talk(),
        turn_id=f"t{number}",
        message_id=f"m{number}",
        text=text,
        payload=payload,
        reply={"kind": kind, "confidence": confidence},
        asked_at=clock.now() - before,
    )


def found(since: timedelta = timedelta(weeks=8)) -> list[tuple[str, str, str]]:
    return [(miss.text, miss.why, miss.note) for miss in misses_since(clock.now() - since)]


def refreshed(matcher: Matcher | None = None) -> list[UnansweredCluster]:
    clustering.clusters_refresh(LetterEncoder(), matcher)
    return list(UnansweredCluster.objects.filter(state="open"))


@pytest.fixture
def people(shipped: KnowledgeFiles, shelf: Any) -> Desk:
    return make_desk(shipped, shelf)


# what counts


def test_what_was_answered_or_was_no_question_does_not_count() -> None:
    ask("社保卡怎么办", "answer", confidence=0.9)
    ask("社保卡还是医保卡", "clarify", confidence=0.7)
    ask("你好", "smalltalk")
    ask("按钮", "fallback", payload="item:SB13")
    ask("好", "fallback")
    ask("很久以前的话", before=LONG_AGO)
    assert found() == []


def test_not_understood_and_guessed_count() -> None:
    ask("电瓶车上牌")
    ask("孤寡老人补贴", "clarify", confidence=0.2)
    assert found() == [("电瓶车上牌", "fallback", ""), ("孤寡老人补贴", "unsure", "")]


def test_none_of_these_and_no_help_count_for_the_question_before() -> None:
    talk = make_talk()
    ask("孤寡老人补贴", "clarify", talk=talk, confidence=0.8)
    ask("都不是", "clarify", talk=talk, payload="none")
    other = make_talk()
    ask("公租房怎么申请", "answer", talk=other, confidence=0.9)
    pressed = ask("要带什么", "answer", talk=other, payload="facet:x")
    Feedback.objects.create(turn=pressed, helpful=False, reason="打 13912345678 没人接")
    assert found() == [
        ("孤寡老人补贴", "none_of_these", ""),
        ("公租房怎么申请", "unhelpful", "打 <phone> 没人接"),
    ]


def test_a_handover_counts_if_something_had_failed_and_tells_what_the_clerk_wrote() -> None:
    talk = make_talk()
    ask("电瓶车上牌", talk=talk)
    ask("我要找人工", "handover", talk=talk)
    Handover.objects.create(
        conversation=talk, reason="asked", opened_at=clock.now(), changed_at=clock.now()
    )
    Notice.objects.create(
        conversation=talk, target="x", author=make_staff("小李", Role.INTAKE),
        text="去交警中队办，问 13912345678", created_at=clock.now(),
    )  # fmt: skip
    fine = make_talk()
    ask("社保卡怎么办", "answer", talk=fine, confidence=0.9)
    Handover.objects.create(
        conversation=fine, reason="asked", opened_at=clock.now(), changed_at=clock.now()
    )
    handed = [row for row in found() if row[1] == "handover"]
    assert handed == [("电瓶车上牌", "handover", "工作人员答：去交警中队办，问 <phone>")]


# what is grouped


def test_what_means_the_same_is_one_group_with_its_weeks_and_suggestion(matcher: Matcher) -> None:
    for text in ("社保卡丢了咋弄", "社保卡丢了咋弄？", "社保卡丢了咋弄呀"):
        ask(text)
    ask("社保卡丢了咋弄", before=timedelta(days=8))
    ask("月亮离地球多远啊朋友")
    first, second = refreshed(matcher)
    assert (first.title, first.count, first.whys) == ("社保卡丢了咋弄", 4, {"fallback": 4})
    assert first.weeks[-2:] == [1, 3]
    assert first.suggestions[0]["owner"] == "SB13"
    assert [sample["turns"] for sample in first.samples] == [3, 1]
    assert (second.count, second.rank) == (1, 2)


def test_a_group_keeps_its_number_when_it_is_grouped_anew() -> None:
    ask("电瓶车上牌")
    [before] = refreshed()
    ask("电瓶车上牌")
    ask("公租房怎么申请")
    after = refreshed()
    assert [each.pk for each in after if each.title == before.title] == [before.pk]
    TurnRecord.objects.all().delete()
    assert refreshed() == []


def test_what_was_dealt_with_stays_so_until_it_is_asked_again(
    people: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask("电瓶车上牌")
    ask("今天心情不好呀")
    ignored = next(each for each in refreshed() if each.title != "电瓶车上牌")
    answering.cluster_ignore(people.editor, ignored, "闲聊")
    bike = UnansweredCluster.objects.get(title="电瓶车上牌")
    answering.phrasings_teach(people.editor, bike, "GG08", ["电瓶车上牌"])
    assert refreshed() == []
    now: datetime = clock.now() + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: now)
    ask("电瓶车上牌")
    ask("今天心情不好呀")
    assert [(each.title, each.count) for each in refreshed()] == [("电瓶车上牌", 1)]


def test_without_a_model_groups_are_made_by_characters() -> None:
    ask("电瓶车上牌")
    ask("电瓶车上牌！")
    clustering.clusters_refresh(LetterEncoder(fails=True), None)
    assert UnansweredCluster.objects.get().count == 2


# what is made of it


@pytest.fixture
def cluster(people: Desk) -> UnansweredCluster:
    ask("电瓶车上牌在哪里")
    return refreshed()[0]


def test_a_sentence_becomes_a_phrasing_in_a_draft_and_is_reviewed_as_ever(
    people: Desk, cluster: UnansweredCluster
) -> None:
    draft = answering.phrasings_teach(people.editor, cluster, "SB13", ["电瓶车上牌在哪里"])
    assert draft.state == Revision.State.DRAFT
    assert draft.phrasings is not None
    assert draft.phrasings[-1] == {
        "text": "电瓶车上牌在哪里", "style": "plain", "facet": "overview", "origin": "mined",
    }  # fmt: skip
    cluster.refresh_from_db()
    assert (cluster.state, cluster.revision, cluster.handled_by) == (
        "drafted", draft, people.editor,
    )  # fmt: skip
    services.revision_submit(draft, people.editor)


def test_my_own_open_draft_goes_on_and_a_colleagues_is_left_alone(
    people: Desk, cluster: UnansweredCluster
) -> None:
    draft = services.revision_draft(people.editor, "item", "SB13")
    again = answering.alias_teach(people.editor, cluster, "SB13", "蓝皮小折子")
    assert again.pk == draft.pk
    assert again.content is not None
    assert again.content["aliases"][-1] == "蓝皮小折子"
    with pytest.raises(SomeoneHasIt):
        answering.alias_teach(people.colleague, cluster, "SB13", "绿皮小折子")


def test_other_kinds_learn_sentences_too(people: Desk, cluster: UnansweredCluster) -> None:
    from knowledge.models import Entry

    subject = Entry.objects.filter(kind="subject").first()
    assert subject is not None
    draft = answering.phrasings_teach(people.editor, cluster, subject.entry_id, ["电瓶车上牌"])
    assert (draft.kind, draft.phrasings) == ("subject", None)
    assert draft.content is not None
    assert draft.content["phrasings"][-1] == "电瓶车上牌"


def test_a_new_guide_and_a_new_referral_are_begun(people: Desk, cluster: UnansweredCluster) -> None:
    category = answering.categories()[0]
    item = answering.item_begin(people.editor, cluster, "电动自行车登记", category, ["上牌"])
    assert (item.action, item.name, item.content and item.content["category"]) == (
        "create", "电动自行车登记", category,
    )  # fmt: skip
    subject = answering.subject_begin(
        people.editor, cluster, {"body": "交警大队", "phone": "122"}, "电动车上牌", ["上牌"]
    )
    assert subject.content is not None
    assert subject.content["competent"]["body"] == "交警大队"
    assert subject.content["phrasings"] == ["上牌"]


def test_what_is_missing_is_said(people: Desk, cluster: UnansweredCluster) -> None:
    editor = people.editor
    for error, try_it in (
        (NoSuchRecord, lambda: answering.phrasings_teach(editor, cluster, "XX99", ["一句"])),
        (CurationError, lambda: answering.phrasings_teach(editor, cluster, "SB13", [" "])),
        (CurationError, lambda: answering.alias_teach(editor, cluster, "SB13", "卡")),
        (CurationError, lambda: answering.item_begin(editor, cluster, "新事", "没这类", [])),
        (CurationError, lambda: answering.subject_begin(editor, cluster, {}, "新事", [])),
        (Forbidden, lambda: answering.cluster_ignore(people.reviewer, cluster, "")),
    ):
        with pytest.raises(error):
            try_it()
    cluster.refresh_from_db()
    assert cluster.state == "open"


@pytest.mark.parametrize("kind", [ITEM, *ENTRY_KINDS])
def test_a_blank_record_has_every_field(kind: str) -> None:
    if kind in ("out_of_scope", "ambiguous"):
        pytest.skip("typed as plain data")
    blank = blank_content(kind)
    record = ENTRY_KINDS[kind].record if kind != ITEM else None
    assert record is None or set(blank) == set(record.__struct_fields__)


# the pages


def client_of(staff: Any) -> Client:
    client = Client()
    client.force_login(staff, given.AUTHENTICATION_BACKENDS[1])
    return client


def test_the_list_shows_groups_by_state_and_reason_with_few_queries(
    people: Desk, cluster: UnansweredCluster, django_assert_max_num_queries: Any
) -> None:
    client = client_of(people.editor)
    with django_assert_max_num_queries(12):
        page = client.get(PAGE).content.decode()
    assert cluster.title in page
    assert "没听懂 1" in page
    assert cluster.title not in client.get(PAGE, {"why": "handover"}).content.decode()
    assert cluster.title not in client.get(PAGE, {"show": "ignored"}).content.decode()
    assert client_of(people.stranger).get(PAGE).status_code == 403
    assert client_of(people.reviewer).get(PAGE).status_code == 200


def test_many_groups_are_read_page_by_page(people: Desk) -> None:
    now = clock.now()
    UnansweredCluster.objects.bulk_create(
        UnansweredCluster(
            title=f"第{n}个", rank=n, count=1, first_at=now, last_at=now, refreshed_at=now
        )
        for n in range(1, 41)
    )
    client = client_of(people.editor)
    assert "第31个" not in client.get(PAGE).content.decode()
    second = client.get(PAGE, {"after": "30"}).content.decode()
    assert "第31个" in second
    assert "第30个" not in second


def test_a_press_makes_a_draft_and_what_is_wrong_is_told(
    people: Desk, cluster: UnansweredCluster
) -> None:
    client, where = client_of(people.editor), f"{PAGE}{cluster.pk}/"
    wrong = client.post(f"{where}phrasing", {"texts": cluster.title, "record": "XX99"})
    assert wrong.status_code == 422
    assert "没有编号" in wrong.content.decode()
    assert client_of(people.reviewer).post(f"{where}ignore").status_code == 403
    right = client.post(f"{where}phrasing", {"texts": cluster.title, "record": "SB13"})
    assert right.headers["Location"] == where
    page = client.get(where).content.decode()
    assert "写成了修改" in page
    client.post(f"{where}reopen")
    client.post(f"{where}ignore", {"note": "问着玩"})
    assert "问着玩" in client.get(where).content.decode()
    assert client.post(f"{where}nothing").status_code == 404


def test_grouping_anew_is_left_to_the_worker(people: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr("bot.console.unanswered.unanswered_refresh", lambda: asked.append(True))
    response = client_of(people.editor).post(f"{PAGE}refresh", follow=True)
    assert asked == [True]
    assert "正在整理" in response.content.decode()
