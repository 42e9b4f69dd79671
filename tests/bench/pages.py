"""How fast every page of the staff is, in an office with half a year behind it.

The pages are those of the addresses themselves, so that none is forgotten: a new parameter in an
address has to be given a value here. Each page is fetched once as each role, then five times as
whoever waited longest; a file is fetched once. ``BOT_DATABASE_URL`` of a sample (``make_sample``) spares making one.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.core.management import call_command
from django.db import connection
from django.http.response import HttpResponseBase
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse

TIMES: Final = 5
BAR_MS: Final = 300
# Addresses that answer with somebody's file or picture, of which the sample has none.
NOTHING_THERE: Final = frozenset(
    {
        "staff-recording-sound",
        "staff-report-photo",
        "staff-revision-picture",
        "staff-ticket-picture",
        "staff-guide-files-preview",
    }
)
# Pages that are asked for with more than their address.
ASKED: Final = {
    "staff-knowledge": ("q=社保", "due=unverified", "after=YL04000", "kind=place"),
    "staff-coverage": ("look=unverified", "after=YL04000"),
    "staff-audit": ("words=样例", "area=knowledge"),
    "staff-revisions": ("show=all",),
    "staff-tickets": ("state=called_back", "q=养老", "overdue=on"),
    "staff-reports": ("state=closed",),
    "staff-reports-search": ("q=楼道",),
    "staff-local-words": ("q=样例",),
    "staff-unanswered": ("q=养老",),
}
# What has no 300 ms: whole tables.
FILE: Final = "Content-Disposition"


@dataclass(frozen=True)
class Timed:
    """One page as one role: milliseconds, questions to the database."""

    page: str
    role: str
    median_ms: float
    worst_ms: float
    queries: int
    is_file: bool

    @property
    def is_slow(self) -> bool:
        """Whether somebody waits for it too long."""
        return not self.is_file and self.median_ms >= BAR_MS

    def __str__(self) -> str:
        mark = "file" if self.is_file else "SLOW" * self.is_slow
        return (
            f"pages      {self.page:44} {self.role:13} {self.median_ms:7.0f} ms "
            f"(worst {self.worst_ms:5.0f})  {self.queries:3} queries {mark}"
        )


def measured() -> dict[str, object]:
    """Return the figures of all pages; prints a line for each."""
    _sample()
    clients = _clients()
    rows = []
    for page, url in _pages():
        if row := _page(page, url, clients):
            rows.append(row)
            print(row, flush=True)
    pages = [row for row in rows if not row.is_file]
    slow = [row.page for row in pages if row.is_slow]
    print(f"pages      {len(pages)} pages, {len(slow)} slower than {BAR_MS} ms")
    return {"pages": [row.__dict__ for row in rows], "slow": slow}


def _sample() -> None:
    from bot import clock
    from bot.conversations.models import Conversation
    from bot.sample.making import Size, sample_make
    from bot.sample.talks import OWNER

    call_command("migrate", verbosity=0)
    if not Conversation.objects.filter(owner=OWNER).exists():
        sample_make(Size(), 1, clock.now())


def _clients() -> dict[str, Client]:
    from bot.accounts.models import Staff, StaffRole

    clients = {}
    for role in StaffRole.Role.values:
        clients[role] = Client(raise_request_exception=False)
        clients[role].force_login(
            Staff.objects.get(username=f"sample-{role}1"),
            backend="django.contrib.auth.backends.ModelBackend",
        )
    return clients


def _pages() -> Iterator[tuple[str, str]]:
    """Yield name and address of every page, and of some with what is asked for."""
    given = _given()
    for name, parameters in _addresses(get_resolver().url_patterns):
        kwargs = {each: _value(given, name, each) for each in parameters}
        url = reverse(name, kwargs=kwargs)
        for query in ("", *ASKED.get(name, ())):
            yield (f"{name}?{query}", f"{url}?{query}") if query else (name, url)


def _addresses(patterns: list[Any], route: str = "") -> Iterator[tuple[str, list[str]]]:
    for pattern in patterns:
        whole = f"{route}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from _addresses(pattern.url_patterns, whole)
        elif isinstance(pattern, URLPattern) and whole.startswith("staff/") and pattern.name:
            yield pattern.name, list(pattern.pattern.regex.groupindex)


def _value(given: dict[str, Any], page: str, parameter: str) -> Any:
    """Return a page's own value of a parameter, or everybody's; raises KeyError for a new one."""
    return given.get(f"{page}/{parameter}", given[parameter])


def _given() -> dict[str, Any]:
    from bot.accounts.models import Staff
    from bot.curation.models import Revision, UnansweredCluster
    from bot.gazetteer.models import Community
    from bot.handovers.models import Handover
    from bot.reports.models import Report
    from bot.tickets.models import Ticket
    from knowledge.models import LocalTerm, Publication, QuestionSet, TestRun

    report = Report.objects.latest("pk").number
    reports = {
        f"{name}/number": report
        for name, _ in _addresses(get_resolver().url_patterns)
        if name.startswith("staff-report")
    }
    ticket = Ticket.objects.filter(state="delivered").latest("pk")
    # Only whoever writes it sees a draft's form.
    hers = Revision.objects.filter(state="draft", editor__username="sample-editor1")
    draft = hers.latest("pk")
    return {
        **reports,
        "number": ticket.number,
        "conversation_id": Handover.objects.filter(state="waiting").latest("pk").conversation_id,
        "notice_id": 1,
        "step": "accept",
        "what": "nothing",
        "upload_id": "none",
        "material_id": 1,
        "rating_id": 1,
        "kind": "item",
        "staff-ticket-paper/kind": "receipt",
        "record_id": "YL00001",
        "revision_id": draft.pk,
        "staff-revision/revision_id": Revision.objects.filter(state="submitted").latest("pk").pk,
        "publication_id": Publication.objects.latest("pk").pk,
        "set_id": QuestionSet.objects.get(name="样例题集").pk,
        "run_id": TestRun.objects.latest("pk").pk,
        "cluster_id": UnansweredCluster.objects.earliest("rank").pk,
        "term_id": LocalTerm.objects.earliest("pk").pk,
        "prompt_id": "greeting",
        "staff_id": Staff.objects.get(username="sample-grid1").pk,
        "community_id": Community.objects.earliest("pk").pk,
        "attempt_id": 1,
        "section_name": "tickets",
        "name": "questions-by-day",
    }


def _page(page: str, url: str, clients: dict[str, Client]) -> Timed | None:
    """Return how long a page takes whoever waits longest; None if it is none to look at."""
    seen: dict[str, float] = {}
    said = set()
    for role, client in clients.items():
        took, status, is_file = _fetched(client, url)
        if is_file:
            return Timed(page, role, took, took, 0, is_file)
        said.add(status)
        if status == 200:
            seen[role] = took
    if not seen:
        _complain(page, said)
        return None
    role = max(seen, key=lambda each: seen[each])
    with CaptureQueriesContext(connection) as captured:
        _fetched(clients[role], url)
    # Read now: the next request empties the log.
    queries = len(captured)
    times = [_fetched(clients[role], url)[0] for _ in range(TIMES)]
    return Timed(page, role, statistics.median(times), max(times), queries, is_file=False)


def _complain(page: str, said: set[int]) -> None:
    """Say so if a page that should be there is not; forms that are only sent are none."""
    is_known = page.partition("?")[0] in NOTHING_THERE or 405 in said
    if not is_known:
        print(f"pages      {page:44} was not shown to anybody: {sorted(said)}")


def _fetched(client: Client, url: str) -> tuple[float, int, bool]:
    """Fetch a page: milliseconds, status, whether it is a file."""
    fetch: Callable[[str], HttpResponseBase] = client.get
    started = time.perf_counter()
    response = fetch(url)
    if response.streaming:
        for _ in response:  # type: ignore[attr-defined]
            break
    took = 1000 * (time.perf_counter() - started)
    return took, response.status_code, FILE in response.headers
