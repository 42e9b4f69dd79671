"""The sample's curation: wishes to change records, publications, runs of questions, clusters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, Final

from bot.audit.models import AuditAction, AuditEntry
from bot.curation.misses import WHY_NAMES
from bot.curation.models import Revision, RevisionStep, UnansweredCluster
from bot.handovers.models import Notice, StaffNotice
from bot.sample.dice import Dice, stored
from bot.sample.people import People
from knowledge.hits import figures_of
from knowledge.models import LocalTerm, Publication, Question, QuestionSet, ServiceItem, TestRun
from knowledge.record import plain
from knowledge.selectors import item_records

REVISIONS: Final = 2000
OPEN_REVISIONS: Final = 100
PUBLICATIONS: Final = 500
CLUSTERS: Final = 1000
TERMS: Final = 1000
AUDITED: Final = 20_000
NOTICES: Final = 2000
LETTERS: Final = 500
RUNS: Final = 20
QUESTIONS: Final = 500
_WEEKS: Final = 8
_LIKE: Final = 50
Guides = Sequence[tuple[str, str]]


def curation_make(dice: Dice, guides: Guides, people: People) -> None:
    """Store what curators have done and have before them."""
    stored(_publications(dice), PUBLICATIONS, "publications")
    revisions = list(_revisions(dice, guides, people))
    stored(revisions, len(revisions), "revisions")
    steps = (
        RevisionStep(revision=each, step="draft", staff=each.author, at=each.created_at)
        for each in revisions
    )
    stored(steps, len(revisions), "revisions: steps")
    stored(_clusters(dice, guides), CLUSTERS, "questions without an answer")
    stored(_terms(), TERMS, "local words")
    stored(_audited(dice, people), AUDITED, "log of changes")
    stored(_notices(dice, people), NOTICES, "notices to staff")
    stored(_letters(dice), LETTERS, "letters that did not arrive")
    _questions(dice, guides)


def _letters(dice: Dice) -> Iterator[Notice]:
    for number in range(LETTERS):
        yield Notice(
            key=f"sample-{number}",
            medium=Notice.Medium.SMS,
            target=f"sample-{number}",
            sealed_address=dice.phone(),
            text="您的代办单办好了。",
            created_at=dice.moment(30),
            state=Notice.State.GONE,
            attempts=9,
        )


def _publications(dice: Dice) -> Iterator[Publication]:
    for number in range(PUBLICATIONS):
        state = Publication.State.FAILED if dice.happens(0.05) else Publication.State.LIVE
        yield Publication(
            state=state,
            requested_by="样例知识审核1",
            reason="改了材料",
            finished_at=dice.now - timedelta(hours=PUBLICATIONS - number),
            error="" if state == Publication.State.LIVE else "有问题答错了。",
        )


def _revisions(dice: Dice, guides: Guides, people: People) -> Iterator[Revision]:
    """Yield old ones that are over, then one open one each of a hundred records."""
    contents = _contents(guides)
    is_open = {REVISIONS - number for number in range(1, OPEN_REVISIONS + 1)}
    for number in range(REVISIONS):
        item_id, name = guides[number % len(guides)]
        state = dice.one(["draft", "submitted"]) if number in is_open else "published"
        if number not in is_open and dice.happens(0.1):
            state = dice.one(["rejected", "withdrawn"])
        made = dice.now - timedelta(hours=2 * (REVISIONS - number))
        author = dice.one(people.by_role["editor"])
        is_decided = state in ("published", "rejected")
        content = contents[number % len(contents)]
        yield Revision(
            kind="item",
            record_id=item_id,
            name=name,
            state=state,
            content={**content, "item_id": item_id, "name": name},
            before={"content": content, "phrasings": None} if state == "published" else None,
            reason="按新规定改",
            author=author,
            editor=author,
            reviewer=dice.one(people.by_role["reviewer"]) if is_decided else None,
            writers=[author.pk],
            created_at=made,
            changed_at=made,
            submitted_at=None if state == "draft" else made,
            decided_at=made if is_decided else None,
            published_at=made if state == "published" else None,
        )


def _contents(guides: Guides) -> list[dict[str, Any]]:
    first = [item_id for item_id, _ in guides[:_LIKE]]
    records = item_records(ServiceItem.objects.filter(pk__in=first))
    return [plain(record) for record in records.values()]


def _clusters(dice: Dice, guides: Guides) -> Iterator[UnansweredCluster]:
    for number in range(CLUSTERS):
        item_id, name = dice.one(guides)
        count = max(1, (CLUSTERS - number) // 20)
        why, text = dice.one(list(WHY_NAMES)), f"{name}能不能让人替我办"
        sample = {"text": text, "turns": count, "whys": [why], "note": "", "turn": ""}
        yield UnansweredCluster(
            title=text[:200],
            rank=number + 1,
            count=count,
            whys={why: count},
            weeks=[dice.lot.randrange(count + 1) for _ in range(_WEEKS)],
            samples=[sample],
            suggestions=[{"kind": "item", "id": item_id, "name": name, "score": 0.4}],
            first_at=dice.now - timedelta(days=50),
            last_at=dice.now,
            refreshed_at=dice.now,
        )


def _terms() -> Iterator[LocalTerm]:
    for number in range(TERMS):
        kind = LocalTerm.Kind.values[number % len(LocalTerm.Kind.values)]
        yield LocalTerm(word=f"样例老地方{number}", canonical=f"样例新地方{number}", kind=kind)


def _audited(dice: Dice, people: People) -> Iterator[AuditEntry]:
    everybody = [person for staff in people.by_role.values() for person in staff]
    for number in range(AUDITED):
        at = dice.now - timedelta(minutes=10 * (AUDITED - number))
        action = dice.one(AuditAction.values)
        yield AuditEntry(at=at, action=action, actor=dice.one(everybody), what="样例")


def _notices(dice: Dice, people: People) -> Iterator[StaffNotice]:
    everybody = [person for staff in people.by_role.values() for person in staff]
    for number in range(NOTICES):
        at = dice.moment(30)
        seen = None if dice.happens(0.1) else at
        yield StaffNotice(
            staff=dice.one(everybody),
            key=f"sample-{number}",
            text="提交了修改，请审核",
            path="/staff/knowledge/revisions/",
            created_at=at,
            seen_at=seen,
        )


def _questions(dice: Dice, guides: Guides) -> None:
    questions = QuestionSet.objects.create(name="样例题集")
    rows = [
        Question(set=questions, text=f"{name}怎么办（第{number}问）", expected=[item_id])
        for number, (item_id, name) in enumerate(dice.one(guides) for _ in range(QUESTIONS))
    ]
    stored(rows, QUESTIONS, "questions")
    answers = [_answered(dice, row, guides) for row in rows]
    TestRun.objects.bulk_create(
        TestRun(
            set=questions,
            started_by="样例知识编辑1",
            at=dice.now - timedelta(days=number),
            snapshot="sample",
            figures=figures_of(answers),
            rows=answers,
        )
        for number in range(RUNS)
    )


def _answered(dice: Dice, question: Question, guides: Guides) -> dict[str, Any]:
    """What a run keeps of a question (knowledge.hits.row_of)."""
    right, came = question.expected[0], dice.one(guides)
    first = (right, question.text) if dice.happens(0.9) else came
    ranked: dict[str, Any] = {
        "owner": first[0],
        "name": first[1],
        "kind": "item",
        "score": 0.9,
        "signs": {},
    }
    return {
        "text": question.text,
        "expected": question.expected,
        "style": question.style,
        "facet": question.facet,
        "names": [question.text],
        "category": "办事指南",
        "decision": "answer",
        "probability": 0.9,
        "verdict": "first" if first[0] == right else "missed",
        "ranked": [ranked],
        "reply": "带上身份证到窗口办理。",
    }
