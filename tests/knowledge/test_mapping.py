"""A guide survives its way into the rows and back."""

from __future__ import annotations

from datetime import date

import pytest

from knowledge import mapping
from knowledge import models as rows
from knowledge.files import KnowledgeFiles
from knowledge.record import Amount, Days, Deadline, Fee, ServiceItem, plain
from knowledge.selectors import item_record
from knowledge.services import item_store
from tests.people import altered

pytestmark = pytest.mark.django_db


def stored(record: ServiceItem) -> ServiceItem:
    """The guide as it comes back from the database."""
    item_store(record, [])
    return item_record(rows.ServiceItem.objects.get(pk=record.item_id))


def test_every_shipped_guide_comes_back_equal(shipped: KnowledgeFiles) -> None:
    for record in shipped.items.values():
        assert stored(record) == record


def test_a_guide_with_every_field_filled_comes_back_equal(shipped: KnowledgeFiles) -> None:
    record = altered(
        shipped.items["SB13"],
        effective_from=date(2026, 1, 1),
        effective_until=date(2027, 1, 1),
        handling__statutory=Days(days=20, unit="自然日", basis="规定"),
        handling__promised=None,
        handling__appointment=True,
        deadlines=[Deadline(text="到期前", basis="规定")],
        fee__charged=True,
        fee__fees=[Fee(name="工本费", standard="20元", reduction="低保免", basis="规定")],
        amounts=[Amount(name="补贴", standard="100元", basis="规定", situation_ids=["lost"])],
        supervise_phone="12345",
        verified=True,
        verified_by="小李",
        verified_on=date(2026, 11, 1),
    )
    assert stored(record) == record


@pytest.mark.parametrize("charged", [True, False, None])
def test_unknown_charges_are_not_mistaken_for_none(
    shipped: KnowledgeFiles, charged: bool | None
) -> None:
    record = altered(shipped.items["SB13"], fee__charged=charged)
    assert stored(record).fee.charged is charged


def test_zero_promised_days_are_not_mistaken_for_no_promise(shipped: KnowledgeFiles) -> None:
    record = altered(shipped.items["SB13"], handling__promised=Days(days=0, basis="规定"))
    assert stored(record).handling.promised == Days(days=0, basis="规定")


def test_storing_a_guide_again_replaces_its_rows(shipped: KnowledgeFiles) -> None:
    record = shipped.items["SB13"]
    item_store(record, shipped.phrasings["SB13"])
    shorter = altered(record, materials=record.materials[:1], aliases=["补卡"])
    assert stored(shorter) == shorter
    assert rows.Phrasing.objects.count() == 0


def test_every_field_of_a_guide_has_its_place_in_the_table() -> None:
    heads = {path[0] for path in (*mapping.COLUMNS.values(), *mapping.LISTS.values())}
    assert heads == set(ServiceItem.__struct_fields__)


def test_the_record_is_plain_data_that_reads_strictly(shipped: KnowledgeFiles) -> None:
    item_store(shipped.items["GG08"], [])
    item = rows.ServiceItem.objects.get(pk="GG08")
    assert plain(item_record(item)) == plain(shipped.items["GG08"])
