"""The actions by the names that Rasa knows them by."""

from __future__ import annotations

from collections.abc import Callable

from bot.actions import answer, asking, following, person, small_talk
from bot.actions.context import Context, Outcome

Action = Callable[[Context], Outcome]

ACTIONS: dict[str, Action] = {
    "action_answer": answer.answer,
    "action_choose": answer.choose,
    "action_narrow": answer.narrow,
    "action_overview": answer.overview,
    "action_qualify": answer.qualify,
    "action_out_of_scope": answer.out_of_scope,
    "action_progress": answer.progress,
    "action_proxy": answer.proxy,
    "action_report": answer.report,
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
    "action_small_talk": small_talk.small_talk,
    "action_rate": small_talk.rate,
    "action_danger_over": small_talk.danger_over,
    "action_delete_data": small_talk.delete_data,
    "action_erase": small_talk.erase,
    "action_keep_data": small_talk.keep_data,
}
