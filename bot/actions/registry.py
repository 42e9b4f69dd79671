"""The actions by the names that Rasa knows them by."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from bot.actions import answer, asking, following, person, small_talk
from bot.actions.context import Context, Outcome
from bot.actions.intake import cases, report, ticket

Action = Callable[[Context], Outcome]

ACTIONS: dict[str, Action] = {
    "action_answer": answer.answer,
    "action_choose": answer.choose,
    "action_narrow": answer.narrow,
    "action_overview": answer.overview,
    "action_qualify": answer.qualify,
    "action_out_of_scope": answer.out_of_scope,
    "action_progress": cases.progress,
    "action_proxy": ticket.begin,
    "action_report": report.begin,
    "action_none_of_these": asking.none_of_these,
    "action_compare": answer.compare,
    "action_go_back": answer.go_back,
    "action_stepwise": following.stepwise,
    "action_next_part": following.next_part,
    "action_printable": following.printable,
    "action_human": person.human,
    "action_keep_contact": person.keep_contact,
    "action_ask_contact": person.ask_contact,
    "validate_contact_form": person.validate_contact,
    "action_no_contact": person.no_contact,
    "action_small_talk": cases.courtesy,
    "action_rate": cases.rate,
    "action_danger_over": small_talk.danger_over,
    "action_delete_data": small_talk.delete_data,
    "action_erase": small_talk.erase,
    "action_keep_data": small_talk.keep_data,
    "validate_ticket_form": ticket.validate,
    **{f"action_ask_ticket_{slot}": partial(ticket.ask, slot) for slot in ticket.SLOTS},
    "action_ticket_read_back": ticket.read_back,
    "action_ticket_confirm": ticket.confirm,
    "action_ticket_drop": ticket.dropped,
    "validate_report_form": report.validate,
    **{f"action_ask_report_{slot}": partial(report.ask, slot) for slot in report.SLOTS},
    "action_report_read_back": report.read_back,
    "action_report_confirm": report.confirm,
    "action_report_drop": report.dropped,
    "validate_lookup_form": cases.validate_lookup,
    **{f"action_ask_lookup_{slot}": partial(cases.ask_lookup, slot) for slot in cases.LOOKUP_SLOTS},
    "action_looked_up": cases.looked_up,
    "action_lookup_drop": cases.lookup_dropped,
    "action_change": cases.change,
    "action_changing": cases.changing,
    "action_cancel_ticket": cases.cancel,
    "action_withdraw": cases.withdraw,
    "action_rating": cases.rating,
}
