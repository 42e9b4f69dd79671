"""The actions by the names that Rasa knows them by."""

from __future__ import annotations

from collections.abc import Callable

from bot.actions import answer, small_talk
from bot.actions.context import Context, Outcome

Action = Callable[[Context], Outcome]

ACTIONS: dict[str, Action] = {
    "action_answer": answer.answer,
    "action_out_of_scope": answer.out_of_scope,
    "action_progress": answer.progress,
    "action_proxy": answer.proxy,
    "action_report": answer.report,
    "action_small_talk": small_talk.small_talk,
    "action_human": small_talk.human,
    "action_rate": small_talk.rate,
}
