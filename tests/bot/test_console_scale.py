"""Lists ask the database as often for thirty rows as for three, and go on by key."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from bot import clock
from bot.accounts.models import Staff
from bot.curation.models import Revision
from bot.sample.dice import Dice
from bot.sample.errands import Numbers, tickets_make
from bot.sample.people import People, people_make
from bot.sample.reports import reports_make
from bot.sample.talks import talks_make
from bot.tickets import states
from bot.tickets.models import Ticket
from knowledge.models import Entry

pytestmark = pytest.mark.django_db
GUIDES = [("SB13", "社会保障卡补领")]
# Page: whose it is, and how often it may ask at most.
LISTS = {
    "/staff/tickets/": ("dispatcher", 24),
    "/staff/tickets/mine/": ("grid", 12),
    "/staff/tickets/?state=called_back": ("supervisor", 14),
    "/staff/reports/": ("dispatcher", 14),
    "/staff/queue/": ("intake", 14),
    "/staff/audit/": ("administrator", 12),
    "/staff/people/": ("administrator", 12),
    "/staff/knowledge/revisions/?show=all": ("editor", 12),
}


def fill(rows: int) -> People:
    """An office with so many of everything."""
    Entry.objects.create(kind="report", entry_id="R1", content={"name": "路灯不亮"})
    dice, people = Dice(1, clock.now()), people_make()
    talks = talks_make(dice, 4 * rows, GUIDES, people)
    numbers = Numbers(dice)
    tickets_make(dice, rows, GUIDES, people, talks, numbers)
    reports_make(dice, rows, people, numbers)
    half = list(Ticket.objects.values_list("pk", flat=True)[: rows // 2])
    mine = {"assignee": people.by_role["grid"][0], "state": states.IN_PROGRESS}
    Ticket.objects.filter(pk__in=half).update(**mine)
    wishes(people, rows)
    return people


def wishes(people: People, rows: int) -> None:
    """So many revisions that wait for a decision."""
    author = people.by_role["editor"][0]
    Revision.objects.bulk_create(
        Revision(
            kind="item",
            record_id=f"ZZ{number:03}",
            name=f"事项{number}",
            state=Revision.State.SUBMITTED,
            author=author,
            editor=author,
            submitted_at=clock.now() + timedelta(minutes=-number),
        )
        for number in range(rows)
    )


def signed_in(person: Staff) -> Client:
    client = Client()
    client.force_login(person, settings.AUTHENTICATION_BACKENDS[1])
    return client


@pytest.mark.parametrize("rows", [3, 30])
def test_a_list_asks_as_often_for_thirty_rows_as_for_three(
    rows: int, django_assert_max_num_queries: Any
) -> None:
    people = fill(rows)
    for path, (role, most) in LISTS.items():
        client = signed_in(people.by_role[role][0])
        client.get(path)
        with django_assert_max_num_queries(most, info=path):
            assert client.get(path).status_code == 200, path


def test_what_waits_for_review_goes_on_by_key_in_its_order() -> None:
    people = people_make()
    wishes(people, 120)
    client, query, seen = signed_in(people.by_role["reviewer"][0]), "show=waiting", []
    while query:
        page = client.get(f"/staff/knowledge/revisions/?{query}").content.decode()
        seen += re.findall(r"<b>事项(\d+)</b>", page)
        found = re.search(r'href="\?([^"]*before=[^"]*)"', page)
        query = found[1].replace("&amp;", "&") if found else ""
    assert [int(each) for each in seen] == list(range(119, -1, -1))


def test_my_tickets_go_on_by_key() -> None:
    people = people_make()
    dice, mine = Dice(1, clock.now()), people.by_role["grid"][0]
    tickets_make(dice, 70, GUIDES, people, [], Numbers(dice))
    Ticket.objects.update(assignee=mine, state=states.IN_PROGRESS)
    client, path, seen = signed_in(mine), "/staff/tickets/mine/", []
    while path:
        page = client.get(path).content.decode()
        seen += re.findall(r'id="t(\d{10})"', page)
        found = re.search(r'href="(/staff/tickets/mine/\?after=[^"]*)"', page)
        path = found[1] if found else ""
    assert len(seen) == 70
    assert len(set(seen)) == 70


def test_a_phone_on_a_later_page_is_shown_with_its_ticket() -> None:
    people = people_make()
    dice, mine = Dice(1, clock.now()), people.by_role["grid"][0]
    tickets_make(dice, 40, GUIDES, people, [], Numbers(dice))
    Ticket.objects.update(assignee=mine, state=states.IN_PROGRESS)
    last = Ticket.objects.order_by("due_at", "pk").last()
    assert last is not None
    asked = {"what": "phone", "back": "mine"}
    page = signed_in(mine).post(f"/staff/tickets/{last.number}/look", asked).content.decode()
    assert last.sealed_person["phone"].replace(" ", "") in page.replace(" ", "")
