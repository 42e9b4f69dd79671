"""The log of changes: written inside the change, by whom, and never rewritten."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import pytest

from bot.accounts.models import Staff, StaffRole
from bot.accounts.services import (
    Grant,
    LastAdministrator,
    password_renew,
    role_give,
    role_withdraw,
    shift_add,
    shift_remove,
    staff_add,
    staff_change,
    staff_switch,
)
from bot.audit.errors import AppendOnly
from bot.audit.models import AREAS, AuditAction, AuditEntry
from bot.audit.services import LONGEST_WHAT, audit_note
from bot.gazetteer.exchange import gazetteer_import
from bot.gazetteer.models import Community
from bot.gazetteer.services import community_delete, community_save, estate_delete, estate_save
from tests.bot.ticketing import make_staff

pytestmark = pytest.mark.django_db
Role = StaffRole.Role


@pytest.fixture
def boss() -> Staff:
    """The administrator."""
    return make_staff("老王", Role.ADMINISTRATOR)


def written() -> list[tuple[str, str, str, str]]:
    """The log from its beginning: what was done, by whom, to what, how."""
    rows = AuditEntry.objects.order_by("pk").select_related("actor")
    return [(row.action, str(row.actor or ""), row.what, row.detail) for row in rows]


def test_what_is_done_to_an_account_is_written_with_who_did_it(boss: Staff) -> None:
    staff_add("xiaoli", "小李", grants=[Grant(Role.GRID)], by=boss)
    li = Staff.objects.get(username="xiaoli")
    staff_change(li, "李姐", "li@office.example", "13900001111", by=boss)
    password_renew(li, by=boss)
    staff_switch(li, is_active=False, by=boss)
    staff_switch(li, is_active=True, by=boss)
    role_withdraw(li.roles.get(), by=boss)
    assert written() == [
        ("account.add", "老王", "小李 (xiaoli)", ""),
        ("role.give", "老王", "小李 (xiaoli)", "网格员 · 全街道"),
        ("account.change", "老王", "李姐 (xiaoli)", "改了名字、邮箱、手机"),
        ("account.password", "老王", "李姐 (xiaoli)", ""),
        ("account.off", "老王", "李姐 (xiaoli)", ""),
        ("account.on", "老王", "李姐 (xiaoli)", ""),
        ("role.withdraw", "老王", "李姐 (xiaoli)", "网格员 · 全街道"),
    ]


def test_what_the_terminal_does_is_written_without_a_name() -> None:
    staff_add("xiaoli", "小李")
    assert written() == [("account.add", "", "小李 (xiaoli)", "")]


def test_neither_a_password_nor_a_number_is_written(boss: Staff) -> None:
    password = staff_add("xiaoli", "小李", by=boss)
    renewed = password_renew(Staff.objects.get(username="xiaoli"), by=boss)
    staff_change(boss, "老王", "", "13900001111", by=boss)
    log = str(written())
    assert password not in log
    assert renewed not in log
    assert "1111" not in log


def test_a_role_given_twice_and_a_change_that_changes_nothing_are_not_written_again(
    boss: Staff,
) -> None:
    role_give(boss, Grant(Role.ADMINISTRATOR), by=boss)
    staff_change(boss, boss.display_name, boss.email, "", by=boss)
    assert written() == []


def test_what_was_refused_is_not_in_the_log(boss: Staff) -> None:
    with pytest.raises(LastAdministrator):
        role_withdraw(boss.roles.get(), by=boss)
    with pytest.raises(LastAdministrator):
        staff_switch(boss, is_active=False, by=boss)
    assert written() == []


def test_shifts_are_written_as_one_says_them(boss: Staff) -> None:
    shift_add(boss, weekday=0, hours=(time(9), time(12)), by=boss)
    shift_add(boss, weekday=6, by=boss)
    shift_remove(shift_add(boss, on=date(2026, 11, 30), is_off=True, by=boss), by=boss)
    assert [(action, how) for action, _, _, how in written()] == [
        ("shift.add", "每周一 09:00–12:00"),
        ("shift.add", "每周日 上班时间"),
        ("shift.add", "2026-11-30 休息"),
        ("shift.remove", "2026-11-30 休息"),
    ]


def test_communities_and_estates_are_written(boss: Staff) -> None:
    river = community_save("临江社区", ["江边"], by=boss)
    estate = estate_save("江畔人家", river, by=boss)
    estate_delete(estate, by=boss)
    community_save("临江社区", is_active=False, community=river, by=boss)
    community_delete(river, by=boss)
    assert [(action, what, how) for action, _, what, how in written()] == [
        ("place.add", "临江社区", "江边"),
        ("place.add", "江畔人家", "临江社区"),
        ("place.delete", "江畔人家", "临江社区"),
        ("place.change", "临江社区", "停用"),
        ("place.delete", "临江社区", ""),
    ]


def test_an_imported_table_is_written_row_by_row_or_not_at_all(boss: Staff) -> None:
    header = "类型,名称,所属社区\n"
    gazetteer_import(f"{header}社区,临江社区,\n小区,江畔人家,临江社区\n", by=boss)
    assert [what for _, _, what, _ in written()] == ["临江社区", "江畔人家"]
    gazetteer_import(f"{header}社区,珍珠路社区,\n小区,谁家,没有这个社区\n", by=boss)
    assert not Community.objects.filter(name="珍珠路社区").exists()
    assert len(written()) == 2


@pytest.mark.parametrize("do", ["save", "delete", "update", "sweep", "bulk"])
def test_nothing_written_is_changed_or_deleted(boss: Staff, do: str) -> None:
    entry = audit_note(AuditAction.SETTING_CHANGE, boss, "开关")
    rewrite: dict[str, Any] = {
        "save": entry.save,
        "delete": entry.delete,
        "update": lambda: AuditEntry.objects.update(what="别的"),
        "sweep": lambda: AuditEntry.objects.filter(pk=entry.pk).delete(),
        "bulk": lambda: AuditEntry.objects.bulk_update([entry], ["what"]),
    }
    with pytest.raises(AppendOnly):
        rewrite[do]()
    assert written() == [("setting.change", "老王", "开关", "")]


def test_what_is_long_is_cut_rather_than_lost(boss: Staff) -> None:
    assert len(audit_note(AuditAction.KNOWLEDGE_EDIT, boss, "长" * 500).what) == LONGEST_WHAT


def test_every_action_has_words_and_an_area(boss: Staff) -> None:
    assert {action.partition(".")[0] for action in AuditAction.values} == set(AREAS)
    assert audit_note("knowledge.submit", boss, "MZ10").action_label == "送审"
    assert audit_note("of.later", boss, "MZ10").action_label == "of.later"
