"""What devices and patrols call things, and which kind of report that is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from knowledge.record import ReportKind

# Residents do not report these; they ring themselves.
_OWN: Final = {
    kind.kind_id: kind
    for kind in (
        ReportKind(
            kind_id="D01",
            name="烟感报警",
            responsible_role="网格员",
            due_working_days=1,
            urgent=True,
            answer="我们马上让人去看，并联系物业。看到火就先打 119。",
            phrasings=[],
        ),
        ReportKind(
            kind_id="D02",
            name="设备故障",
            responsible_role="物业",
            due_working_days=3,
            answer="我通知物业去检修设备。",
            phrasings=[],
        ),
        ReportKind(
            kind_id="D03",
            name="设备报警",
            responsible_role="网格员",
            due_working_days=1,
            answer="我请网格员去现场看。",
            phrasings=[],
        ),
    )
}
# For a word whose kind the office no longer publishes: an alarm is never turned away.
_ANY: Final = "D03"
# A device's word → the kind of report.
DEVICE_KINDS: Final = {
    "smoke": "D01",
    "fire": "D01",
    "device_fault": "D02",
    "falling_object": "R07",
    "face_gate": "R25",
    "fire_lane_blocked": "R05",
    "stairway_blocked": "R06",
    "charging_cable": "R08",
    "ebike_indoors": "R08",
    "rubbish": "R02",
    "illegal_parking": "R01",
    "night_building": "R03",
    "illegal_building": "R16",
    "lamp_out": "R10",
    "lift_fault": "R11",
    "road_damage": "R17",
    "manhole": "R18",
    "tree_leaning": "R19",
    "water_leak": "R20",
    "stray_dog": "R15",
}
_BY_LEVEL: Final = {"alarm": True, "info": False}
LEVELS: Final = ("info", "warning", "alarm")


def kind_of(
    word: str, level: str, published: Callable[[str], ReportKind | None]
) -> ReportKind | None:
    """Return the kind of report for a device's word or a kind's id; None if it means nothing.

    An ``alarm`` is always urgent, an ``info`` (a low battery) never; else the kind decides.
    """
    kind_id = DEVICE_KINDS.get(word, word)
    kind = _OWN.get(kind_id) or published(kind_id)
    if kind is None and word in DEVICE_KINDS:
        kind = _OWN[_ANY]
    if kind is None or level not in _BY_LEVEL:
        return kind
    return msgspec.structs.replace(kind, urgent=_BY_LEVEL[level])
