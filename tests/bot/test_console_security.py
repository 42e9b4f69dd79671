"""What every staff page owes, also those that are written later: no forged form, no frame, no
copy kept by a browser, no formula in a table, no file that is not what it says.
"""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from django.conf import settings as given
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from bot.accounts.models import Staff, StaffRole
from bot.audit.models import AuditAction
from bot.audit.services import audit_note
from bot.console.csv_files import plain_cell
from bot.gazetteer.models import Community, Estate
from knowledge.models import ServiceItem
from tests.bot.test_accounts import staff_addresses
from tests.bot.ticketing import Town, make_staff, make_town

pytestmark = pytest.mark.django_db
Role = StaffRole.Role
EVIL = "=HYPERLINK(0)"


@pytest.fixture
def everybody() -> Staff:
    """Somebody who has every role."""
    staff = make_staff("全能", Role.ADMINISTRATOR)
    for role in Role:
        StaffRole.objects.get_or_create(staff=staff, role=role)
    return staff


def client_of(staff: Staff, *, is_guarded: bool = False) -> Client:
    client = Client(enforce_csrf_checks=is_guarded)
    client.force_login(staff, given.AUTHENTICATION_BACKENDS[1])
    return client


def test_a_form_made_elsewhere_does_nothing_on_any_page(everybody: Staff) -> None:
    client = client_of(everybody, is_guarded=True)
    let_in = [path for path in staff_addresses() if client.post(path).status_code != 403]
    assert let_in == []


def test_a_form_with_the_cookies_token_but_from_another_site_is_refused(everybody: Staff) -> None:
    client = client_of(everybody, is_guarded=True)
    client.get("/staff/password/")
    token = client.cookies["csrftoken"].value
    said = {"csrfmiddlewaretoken": token, "old": "x", "new": "y", "again": "y"}
    elsewhere = {"origin": "https://elsewhere.example"}
    assert client.post("/staff/password/", said, headers=elsewhere).status_code == 403
    assert client.post("/staff/password/", said).status_code == 422


def test_no_page_is_shown_in_a_frame_or_kept_by_a_browser(everybody: Staff) -> None:
    for path in staff_addresses():
        response = client_of(everybody).get(path)
        assert response.headers["X-Frame-Options"] == "DENY", path
        policy = response.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy, path
        assert "unsafe-inline" not in policy, path
        assert response.headers["X-Content-Type-Options"] == "nosniff", path
        if response.status_code == 200:
            assert "no-store" in response.headers["Cache-Control"], path


def test_no_page_carries_a_script_or_a_style_of_its_own(everybody: Staff) -> None:
    for path in staff_addresses():
        response = client_of(everybody).get(path)
        if response.streaming or "html" not in response.headers.get("Content-Type", ""):
            continue
        page = response.content.decode()
        assert "<style" not in page, path
        assert " style=" not in page, path
        assert " onclick=" not in page, path
        assert page.count("<script") == page.count('<script type="module" src='), path


@pytest.mark.parametrize(
    "cell",
    [EVIL, "+1", "-1", "@sum", "\t=1", "\r=1", "  =1", "\n=1", "＝1", "＋1", "－1", "＠1"],
)
def test_what_a_spreadsheet_would_calculate_is_marked_as_text(cell: str) -> None:
    assert plain_cell(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["临江社区", "1-2", "a=b", "", "3栋"])
def test_what_is_plain_stays_as_it_is(cell: str) -> None:
    assert plain_cell(cell) == cell


def tables() -> list[str]:
    return [path for path in staff_addresses() if path.endswith(("csv", "table", "table/"))]


def test_there_are_tables_to_look_at() -> None:
    assert len(tables()) >= 3


@pytest.mark.parametrize("path", tables())
def test_no_table_holds_a_formula_whatever_was_typed_in(everybody: Staff, path: str) -> None:
    town: Town = make_town()
    Community.objects.filter(pk=town.pearl.pk).update(name=EVIL)
    Estate.objects.filter(community=town.pearl).update(name="@sum(1)")
    audit_note(AuditAction.PLACE_ADD, everybody, EVIL, "-1")
    Staff.objects.update(display_name="+1")
    ticket = town.started(address=EVIL, name=EVIL)
    type(ticket).objects.update(item_name=EVIL)
    ServiceItem.objects.create(item_id="SB13", name=EVIL, source_retrieved_on=date(2026, 1, 5))
    response = client_of(everybody).get(path)
    if response.status_code == 404:
        pytest.skip("needs a record of its own")
    text = bytes(response.getvalue()).decode().removeprefix("\ufeff")
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) > 1 or "reports" in path
    loose = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
    assert [cell for row in rows for cell in row if cell.strip().startswith(loose)] == []


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\xff\xd8\xff\xe0 a picture \x80\x81", "打不开"),
        (b"PK\x03\x04\x14\x00\xff\xfe\x80 a workbook", "打不开"),
        (b"x" * 1_000_001, "太大了"),
        (b"<script>alert(1)</script>", "缺少"),
    ],
)
def test_a_table_that_is_none_is_refused_and_nothing_is_stored(
    everybody: Staff, data: bytes, why: str
) -> None:
    if why == "缺少":
        data += b"\nx,y\n"
    sent = {"file": SimpleUploadedFile("places.csv", data, "text/csv")}
    response = client_of(everybody).post("/staff/places/import", sent)
    assert response.status_code == 422
    page = response.content.decode()
    assert why in page
    assert "<script>alert" not in page
    assert not Community.objects.exists()


def test_what_somebody_typed_is_shown_as_text_never_as_markup(everybody: Staff) -> None:
    Staff.objects.update(display_name="<b onload=x>")
    client = client_of(everybody)
    client.post("/staff/places/new", {"name": "临江社区", "is_active": "on"})
    for path in ("/staff/people/", "/staff/audit/", "/staff/shifts/"):
        page = client.get(path).content.decode()
        assert "<b onload" not in page, path
        assert "&lt;b onload" in page, path
