"""The sample's staff, communities and estates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.accounts.models import Staff, StaffRole
from bot.gazetteer.models import Community, Estate

COMMUNITIES: Final = 12
PEOPLE_OF_A_ROLE: Final = 6
ESTATES: Final = 8


@dataclass(frozen=True)
class People:
    """Who works where: staff by role."""

    by_role: dict[str, list[Staff]]
    communities: list[Community]

    @property
    def workers(self) -> list[Staff]:
        """Those who are given cases."""
        return self.by_role["grid"]


def people_make() -> People:
    """Store communities and staff, six of each role; nobody has a password."""
    communities = Community.objects.bulk_create(
        Community(name=f"样例第{number}社区") for number in range(1, COMMUNITIES + 1)
    )
    Estate.objects.bulk_create(
        Estate(name=f"样例{community.pk}苑{number}期", community=community)
        for community in communities
        for number in range(1, ESTATES + 1)
    )
    by_role = {role.value: _staff(role) for role in StaffRole.Role}
    grants = [
        StaffRole(staff=person, role=role, community=_place(role, number, communities))
        for role, staff in by_role.items()
        for number, person in enumerate(staff)
    ]
    StaffRole.objects.bulk_create(grants)
    return People(by_role, communities)


def _staff(role: StaffRole.Role) -> list[Staff]:
    people = [
        Staff(username=f"sample-{role.value}{number}", display_name=f"样例{role.label}{number}")
        for number in range(1, PEOPLE_OF_A_ROLE + 1)
    ]
    for person in people:
        person.set_unusable_password()
    return Staff.objects.bulk_create(people)


def _place(role: str, number: int, communities: list[Community]) -> Community | None:
    """Half of those who work in one place do so; the rest work everywhere."""
    is_local = role in {"grid", "intake"} and number % 2
    return communities[number % len(communities)] if is_local else None
