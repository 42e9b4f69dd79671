"""Finds the rules that may apply without trying each of them.

Rasa 3.6 tries every rule at every prediction, three times a message: a sixth of the message's
processor time (docs/decisions.md). A rule whose last step names another action or intent than the
one at hand cannot apply; the others are tried by Rasa's own means.
"""

from collections import defaultdict
from typing import Dict, List, NamedTuple, Optional, Set, Text, Tuple

from rasa.core.policies.rule_policy import RulePolicy
from rasa.shared.core.constants import PREVIOUS_ACTION, USER
from rasa.shared.core.domain import State
from rasa.shared.nlu.constants import ACTION_NAME, INTENT

# The action before, or None at the beginning of a talk; the intent, or None where any will do.
Step = Tuple[Optional[Text], Optional[Text]]

_possible_keys = RulePolicy._get_possible_keys


class Index(NamedTuple):
    """The rules of a lookup by their last step."""

    lookup: Dict[Text, Text]
    size: int
    by_step: Dict[Step, List[Text]]


def likely_keys(policy: RulePolicy, lookup: Dict[Text, Text], states: List[State]) -> Set[Text]:
    """Return the keys of the rules that apply to the states, the same as RulePolicy finds."""
    if not states:
        return _possible_keys(policy, lookup, states)
    action, intent = _step(states[-1])
    by_step = _index(policy, lookup).by_step
    keys = (*by_step.get((action, None), ()), *by_step.get((action, intent), ()))
    return _possible_keys(policy, {key: lookup[key] for key in keys}, states)


def _step(state: State) -> Step:
    before = state.get(PREVIOUS_ACTION)
    if not before:
        return None, None
    return str(before.get(ACTION_NAME)), state.get(USER, {}).get(INTENT) or None


def _index(policy: RulePolicy, lookup: Dict[Text, Text]) -> Index:
    """Return the index of a lookup, made anew when it has grown, as it does in training."""
    kept: List[Index] = policy.__dict__.setdefault("indices", [])
    for index in kept:
        if index.lookup is lookup and index.size == len(lookup):
            return index
    by_step = defaultdict(list)
    for key in lookup:
        by_step[_step(policy._rule_key_to_state(key)[-1])].append(key)
    made = Index(lookup, len(lookup), dict(by_step))
    kept[:] = [made, *(index for index in kept if index.lookup is not lookup)]
    return made


def install() -> None:
    """Put it in the place of the search through all rules."""
    RulePolicy._get_possible_keys = likely_keys
