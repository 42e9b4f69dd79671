"""Held-out questions are put to the matcher or the whole server, and every figure is written."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from bot import evaluating
from bot.__main__ import _parser
from bot.actions.emergencies import emergency_reply
from bot.conversations.messages import Answer, Button, Competent, Offer, Reply
from bot.evaluating import BASELINES, evaluate
from knowledge.documents import documents_of
from knowledge.evaluation import Decision, Marked, Outcome, load_questions
from knowledge.files import KnowledgeFiles
from knowledge.search.encoder import SentenceTransformerEncoder
from knowledge.search.passages import NOTHING
from tests.people import page, tiny

# matplotlib calls its parser by old names.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:matplotlib")

SB13, GG08, MZ10 = (Offer(owner, owner, 0.5) for owner in ("SB13", "GG08", "MZ10"))
HUMAN = Button("找人工", "human")
CARD = Reply(
    kind="answer",
    text="带身份证。",
    intent="ask_item",
    item="SB13",
    facet="materials",
    answers=(Answer("SB13", "materials", "带身份证。"), Answer("SB13", "fee", "不收费。")),
    candidates=(SB13, GG08),
    confidence=0.9,
)
QUESTIONS = {
    "items": [
        {"text": "社保卡丢了", "item": "SB13", "facet": "materials", "style": "short"},
        {"text": "老年卡怎么办", "item": "GG08", "facet": "overview", "style": "plain"},
    ],
    "out_of_scope": [{"text": "今天天气", "near_miss": False}],
    "emergencies": [{"text": "着火了", "number": "119"}],
    "control": [{"text": "你好", "intent": "greet"}, {"text": "再见", "intent": "goodbye"}],
}


class FakeServer:
    """Answers by the text; what it has no reply for is not understood."""

    def __init__(self, replies: Mapping[str, Reply]) -> None:
        self.replies = replies
        self.asked: list[dict[str, str]] = []

    def client(self) -> httpx.Client:
        """A client that talks to nobody else."""
        return httpx.Client(transport=httpx.MockTransport(self._reply), base_url="http://server")

    def _reply(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/api/v1/messages"
        said = json.loads(request.content)
        self.asked.append(said)
        reply = self.replies.get(said["text"], Reply(kind="fallback", text="没听明白。"))
        return httpx.Response(200, json=reply.as_json())


def made_of(reply: Reply) -> Outcome:
    """What the evaluation makes of a reply of the server."""
    return evaluating._served(FakeServer({"hello": reply}).client())("hello")


# A reply as an outcome


def test_an_answer_offers_its_item_and_all_its_facets() -> None:
    assert made_of(CARD) == Outcome(
        decision="answer",
        offered=("SB13",),
        ranked=("SB13", "GG08"),
        confidence=0.9,
        facets=("materials", "fee"),
        intent="ask_item",
    )


def test_what_was_answered_is_ranked_first_whatever_the_candidates() -> None:
    reply = Reply(kind="answer", text="可以。", item="MZ10", candidates=(SB13, GG08))
    assert made_of(reply).ranked == ("MZ10", "SB13", "GG08")


def test_a_question_back_offers_its_choices_in_order() -> None:
    buttons = tuple(Button(o.name, f"ask:{o.item}:overview") for o in (GG08, MZ10, SB13))
    reply = Reply(
        kind="clarify",
        text="您问的是下面哪一件？",
        intent="ask_item",
        slot="item",
        candidates=(GG08, MZ10, SB13),
        confidence=0.4,
        buttons=(*buttons, Button("都不是", "none")),
    )
    owners = ("GG08", "MZ10", "SB13")
    made = Outcome("ask", owners, owners, 0.4, ("overview",), intent="ask_item")
    assert made_of(reply) == made


@pytest.mark.parametrize("asked", [(), (GG08,), (GG08, MZ10)])
def test_only_what_the_resident_can_choose_counts_as_offered(asked: tuple[Offer, ...]) -> None:
    buttons = tuple(Button(o.name, f"ask:{o.item}:overview") for o in asked)
    reply = Reply(
        kind="clarify", text="哪一件？", candidates=(GG08, MZ10, SB13), buttons=(*buttons, HUMAN)
    )
    assert made_of(reply).offered == tuple(offer.item for offer in asked)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(kind="fallback", text="没听明白。", candidates=(SB13,), buttons=(HUMAN,)),
        Reply(kind="referral", text="归公积金中心管。", competent=Competent("公积金中心", "", "")),
        Reply(kind="handover", text="请打12345。"),
        Reply(kind="smalltalk", text="您好。", intent="greet"),
    ],
    ids=lambda reply: reply.kind,
)
def test_who_is_sent_on_or_greeted_is_offered_nothing(reply: Reply) -> None:
    outcome = made_of(reply)
    assert (outcome.decision, outcome.offered, outcome.emergency) == ("none", (), "")
    assert outcome.ranked == tuple(offer.item for offer in reply.candidates)
    assert outcome.intent == reply.intent


def test_a_complaint_that_names_its_item_counts_as_answered() -> None:
    outcome = made_of(Reply(kind="handover", text="归城管管。", item="CG13"))
    assert (outcome.decision, outcome.offered) == ("answer", ("CG13",))


def test_an_answer_about_the_service_itself_is_one_though_it_offers_no_item() -> None:
    outcome = made_of(Reply(kind="answer", text="全年不休。", facet="overview"))
    assert (outcome.decision, outcome.offered, outcome.facets) == ("answer", (), ("overview",))


def test_an_emergency_is_no_answer_and_carries_the_number_to_ring(shipped: KnowledgeFiles) -> None:
    for emergency in shipped.emergencies:
        outcome = made_of(emergency_reply(emergency))
        assert (outcome.decision, outcome.offered) == ("none", ())
        assert (outcome.emergency, outcome.intent) == (emergency.number, "emergency")


def test_a_number_in_any_other_reply_is_no_emergency() -> None:
    assert made_of(Reply(kind="handover", text="打12345。", speech=("打12345。",))).emergency == ""


def test_the_matcher_alone_answers_asks_back_steps_back_and_hears_danger(
    shipped: KnowledgeFiles, encoder: SentenceTransformerEncoder
) -> None:
    few = tiny(shipped, "SB13", "GG08", "MZ10")
    fire = msgspec.structs.replace(few.emergencies[0], phrasings=["补社保卡的大厅着火了"])
    few = replace(few, emergencies=[fire])
    system = evaluating._matched(documents_of(few), few, encoder)
    answered, asked, stepped_back = map(system, ("社保卡丢了怎么补，要钱吗", "卡丢了", "asdfgh"))
    assert (answered.decision, answered.offered) == ("answer", ("SB13",))
    assert "fee" in answered.facets
    assert (asked.decision, asked.offered) == ("ask", ("SB13", "GG08"))
    assert asked.ranked[:2] == asked.offered
    assert (stepped_back.decision, stepped_back.offered) == ("none", ())
    for outcome in (answered, asked, stepped_back):
        assert NOTHING not in outcome.ranked
        assert outcome.emergency == ""
    danger, errand = system("补社保卡的大厅着火了"), system("补社保卡的大厅")
    assert (danger.decision, danger.emergency) == ("none", "119")
    assert (errand.decision, errand.emergency) == ("answer", "")
    assert danger.ranked[0] == errand.ranked[0] == "SB13"


def test_every_question_is_asked_in_a_conversation_of_its_own() -> None:
    server = FakeServer({})
    system = evaluating._served(server.client())
    for _ in range(2):
        system("社保卡丢了")
    assert [said["text"] for said in server.asked] == ["社保卡丢了"] * 2
    assert len({said["conversation_id"] for said in server.asked}) == 2


# A whole evaluation


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    """A folder of held-out questions; two of its files are missing."""
    folder = tmp_path / "questions"
    folder.mkdir()
    for name, rows in QUESTIONS.items():
        lines = [json.dumps(row, ensure_ascii=False) for row in rows]
        (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A library's knowledge base with two questions to it."""
    folder = tmp_path / "foreign"
    folder.mkdir()
    pages = [
        {"id": "card", "text": "借书证\n借书证丢了带身份证补办。"},
        {"id": "late", "text": "逾期\n书还晚了每天一角。"},
    ]
    asked = [
        {"text": "借书证丢了", "relevant": ["card"]},
        {"text": "书还晚了", "relevant": ["card"]},
    ]
    for name, rows in (("library_kb", pages), ("library_queries", asked)):
        lines = [json.dumps(row, ensure_ascii=False) for row in rows]
        (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def few_guides(shipped: KnowledgeFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three guides are enough."""
    few = replace(tiny(shipped, "SB13", "GG08", "MZ10"), checklists=[], topics=[])
    monkeypatch.setattr(evaluating, "load_knowledge", lambda: few)


Serve = Callable[[Mapping[str, Reply]], FakeServer]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Serve:
    """The door leads to a server with these replies."""

    def make(replies: Mapping[str, Reply]) -> FakeServer:
        server = FakeServer(replies)

        @contextmanager
        def door() -> Iterator[httpx.Client]:
            yield server.client()

        monkeypatch.setattr(evaluating, "door", door)
        return server

    return make


def figures(folder: Path) -> dict[str, Any]:
    """What was written."""
    found: dict[str, Any] = json.loads((folder / "figures.json").read_text("utf-8"))
    return found


def test_figures_of_product_baseline_and_foreign_knowledge_are_written_and_drawn(
    questions: Path, foreign: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "out"
    evaluate(questions, foreign, out, ["bm25"], is_through_server=False)
    report = figures(out)
    assert set(report) == {*("items", "others", "misheard", "calibration error", "bm25", "foreign")}
    assert report["items"]["all"]["right first"]["share"] == 1.0
    assert set(report["items"]) == set(report["bm25"]) == {"all", "plain", "short"}
    for group in (report["items"], report["bm25"], report["others"]):
        for shares in group.values():
            for share in shares.values():
                low, high = share["interval"]
                assert 0 <= low <= share["share"] <= high <= 1
    assert report["items"]["all"]["facet"]["of"] == 2
    others = report["others"]["product"]
    assert others["with the right number"] == {"share": 1.0, "of": 1, "interval": [0.2065, 1.0]}
    assert others["ambiguous asked back"]["of"] == 0
    assert "dialogue control" not in others
    assert report["foreign"] == {"library": {"product": 0.5, "bm25": 0.5, "of": 2}}
    printed = capsys.readouterr().out
    assert "foreign    library    Hit@1  50.0 %" in printed
    pictures = sorted(path for path in out.iterdir() if path.suffix == ".png")
    assert [path.name for path in pictures] == ["reliability.png", "risk_coverage.png"]
    for path in pictures:
        assert path.read_bytes().startswith(b"\x89PNG")
        assert f"picture    {path}" in printed


def test_through_the_server_dialogue_control_is_counted_too(
    questions: Path, serve: Serve, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = Reply(kind="answer", text="…", item="MZ10", candidates=(MZ10, GG08), confidence=0.7)
    server = serve(
        {
            "社保卡丢了": CARD,
            "老年卡怎么办": wrong,
            "着火了": Reply(kind="emergency", text="请马上打119！", speech=("请马上打119！",)),
            "你好": Reply(kind="smalltalk", text="您好。", intent="greet"),
        }
    )
    evaluate(questions, tmp_path, tmp_path, [], is_through_server=True)
    assert sorted(said["text"] for said in server.asked) == sorted(
        row["text"] for rows in QUESTIONS.values() for row in rows
    )
    report = figures(tmp_path)
    shares = {name: share["share"] for name, share in report["items"]["all"].items()}
    assert shares == {
        "right first": 0.5,
        "in three": 1.0,
        "answered right": 0.5,
        "answered wrong": 0.5,
        "facet": 0.5,
        "facet first": 0.5,
    }
    others = {name: share["share"] for name, share in report["others"]["product"].items()}
    assert others["dialogue control"] == 0.5
    assert others["emergencies recognised"] == others["with the right number"] == 1.0
    assert others["far questions answered as ours"] == 0.0
    assert report["foreign"] == {}
    lines = capsys.readouterr().out.splitlines()
    assert "confused   GG08   for MZ10   1" in lines
    assert "wrong      GG08   got MZ10   0.70 老年卡怎么办" in lines
    assert not [line for line in lines if line.startswith("wrong") and "SB13" in line]


def test_of_the_wrong_answers_the_surest_are_shown() -> None:
    def marked(owner: str, confidence: float, decision: Decision = "answer") -> Marked:
        outcome = Outcome(decision, (owner,), (owner,), confidence)
        return Marked({"item": "SB13"}, outcome, frozenset({"SB13"}))

    wrong = [marked("GG08", n / 100) for n in range(evaluating.SHOWN_WRONG + 5)]
    shown = evaluating._answered_wrong([*wrong, marked("SB13", 0.9), marked("GG08", 0.9, "ask")])
    assert shown == wrong[:4:-1]


def test_a_question_answered_with_a_topic_is_printed_among_the_wrong(
    questions: Path, serve: Serve, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    serve({"社保卡丢了": CARD, "老年卡怎么办": Reply(kind="answer", text="全年不休。")})
    evaluate(questions, tmp_path, tmp_path, [], is_through_server=True)
    assert figures(tmp_path)["items"]["all"]["answered wrong"]["share"] == 0.5
    assert "老年卡怎么办" in capsys.readouterr().out


def test_a_text_that_stands_in_two_files_is_asked_once(questions: Path) -> None:
    same = [{"text": "社保卡丢了", "intent": "ask_item"}]
    (questions / "control.jsonl").write_text(json.dumps(same[0]), encoding="utf-8")
    asked: list[str] = []

    def system(text: str) -> Outcome:
        asked.append(text)
        return Outcome("none", intent=text)

    known = evaluating._remembered(system, load_questions(questions))
    assert sorted(asked) == sorted(["社保卡丢了", "老年卡怎么办", "今天天气", "着火了"])
    assert known("着火了").intent == "着火了"
    assert len(asked) == 4


# DIET, in a process of its own that is not started here


def test_diet_learns_every_text_of_ours_and_its_ranking_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[list[str]] = []
    learned: list[dict[str, str]] = []

    def run(command: list[str], *, check: bool, cwd: Path, stdout: int) -> None:
        assert check
        started.append(command)
        train, asked, ranked = map(Path, command[-3:])
        learned.extend(map(json.loads, train.read_text("utf-8").splitlines()))
        texts = [json.loads(line)["text"] for line in asked.read_text("utf-8").splitlines()]
        rows = [json.dumps({"ranked": ["home", "card"] if "证" in t else []}) for t in texts]
        ranked.write_text("\n".join(rows), encoding="utf-8")

    monkeypatch.setattr(subprocess, "run", run)
    pages = [page("card", "社保卡", "卡丢了"), page("home", "居住证"), page(NOTHING, "今天天气")]
    diet = evaluating._diet(pages, ["居住证怎么办", "卡丢了"])
    assert started[0][-5:-3] == ["-m", "nlu.components.diet_baseline"]
    assert learned == [
        {"text": "社保卡", "intent": "card"},
        {"text": "卡丢了", "intent": "card"},
        {"text": "居住证", "intent": "home"},
    ]
    assert diet("居住证怎么办") == Outcome("answer", ("home",), ("home", "card"))
    assert diet("卡丢了") == Outcome("answer")


@pytest.mark.parametrize("name", ["bm25", "svm"])
def test_a_baseline_finds_a_guide_by_what_residents_say(
    shipped: KnowledgeFiles, questions: Path, name: str
) -> None:
    documents = documents_of(tiny(shipped, "SB13", "GG08", "MZ10"))
    baseline = evaluating._baseline(name, documents, load_questions(questions))
    outcome = baseline("社保卡丢了怎么补")
    assert (outcome.decision, outcome.offered) == ("answer", ("SB13",))


# The command


def run_command(*arguments: str) -> int:
    """``python -m bot evaluate …`` in this process."""
    given = _parser().parse_args(["evaluate", *arguments])
    code: int = given.run(given)
    return code


def test_an_unknown_baseline_is_refused_before_anything_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(evaluating, "evaluate", lambda *_, **__: pytest.fail("it went on"))
    assert run_command("--baselines", "bm25", "gpt") == 2
    said = capsys.readouterr().err
    assert "gpt" in said
    assert all(name in said for name in BASELINES)


@pytest.mark.parametrize(
    ("arguments", "baselines", "is_through_server"),
    [((), [*BASELINES], False), (("--baselines", "--server"), [], True)],
)
def test_the_command_passes_on_what_it_is_given(
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    baselines: list[str],
    is_through_server: bool,
) -> None:
    given: dict[str, Any] = {}

    def took(*places: Any, **more: Any) -> None:
        given.update(more, places=places)

    monkeypatch.setattr(evaluating, "evaluate", took)
    assert run_command("--questions", "q", "--foreign", "f", "--out", "o", *arguments) == 0
    assert given == {
        "places": (Path("q"), Path("f"), Path("o"), baselines),
        "is_through_server": is_through_server,
    }


def test_what_is_evaluated_without_being_told_is_there() -> None:
    given = _parser().parse_args(["evaluate"])
    assert load_questions(given.questions).items
    assert [*given.foreign.glob("*_kb.jsonl")]


def test_a_server_that_refuses_ends_the_evaluation_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(request: httpx.Request) -> httpx.Response:
        return httpx.Response(403, json={"detail": "the key is unknown"})

    def asks(*_: Any, **__: Any) -> None:
        client = httpx.Client(transport=httpx.MockTransport(refused), base_url="http://server")
        evaluating._served(client)("社保卡丢了")

    monkeypatch.setattr(evaluating, "evaluate", asks)
    assert run_command("--server") == 1
    assert capsys.readouterr().err == "error: the key is unknown\n"
