"""Rules are found by index, and they are the ones that Rasa finds by trying them all."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rasa.core.policies.rule_policy import RULES, RULES_FOR_LOOP_UNHAPPY_PATH, RulePolicy
from rasa.engine.storage.resource import Resource
from rasa.shared.core.domain import Domain
from rasa.shared.core.generator import TrainingDataGenerator
from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
from rasa.shared.core.training_data.structures import StoryGraph

from nlu.components import rules

DATA = Path(rules.__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def policy(domain: Domain) -> RulePolicy:
    """Learn the project's own rules; what they may contradict is checked by the real training."""
    reader = YAMLStoryReader(domain)
    files = sorted(DATA.glob("rules*.yml"))
    made = RulePolicy(
        {**RulePolicy.get_default_config(), "check_for_contradictions": False},
        # Nothing is kept.
        SimpleNamespace(),
        Resource("rules"),
        SimpleNamespace(should_add_diagnostic_data=False, is_finetuning=False),
    )
    made.persist = lambda: None
    with warnings.catch_warnings():
        # Of what Rasa's own libraries will do without one day.
        warnings.simplefilter("ignore")
        steps = [step for file in files for step in reader.read_from_file(file)]
        stories = StoryGraph(steps)
        trackers = TrainingDataGenerator(stories, domain, use_story_concatenation=False).generate()
        made.train(trackers, domain)
    return made


def some_states(policy: RulePolicy) -> list[dict[str, Any]]:
    """States that rules ask for, and such as no rule knows."""
    lookup = policy.lookup[RULES]
    found = {json.dumps(state) for key in lookup for state in policy._rule_key_to_state(key)}
    return [
        *map(json.loads, sorted(found)),
        {},
        {"prev_action": {"action_name": "action_listen"}},
        {"prev_action": {"action_name": "action_dance"}, "user": {"intent": "ask_item"}},
    ]


def both(policy: RulePolicy, states: list[dict[str, Any]]) -> tuple[set[str], set[str]]:
    lookup = policy.lookup[RULES]
    return (
        rules.likely_keys(policy, lookup, states),
        rules._possible_keys(policy, lookup, states),
    )


def test_each_state_alone_finds_the_same_rules(policy: RulePolicy) -> None:
    found = 0
    for state in some_states(policy):
        ours, rasas = both(policy, [state])
        assert ours == rasas
        found += len(ours)
    assert found > len(policy.lookup[RULES])


@given(st.data())
def test_what_came_before_counts_as_it_does_for_rasa(
    policy: RulePolicy, data: st.DataObject
) -> None:
    states = st.sampled_from(some_states(policy))
    ours, rasas = both(policy, data.draw(st.lists(states, max_size=4)))
    assert ours == rasas


@given(st.data())
def test_what_is_known_besides_counts_as_it_does_for_rasa(
    policy: RulePolicy, data: st.DataObject
) -> None:
    state = data.draw(st.sampled_from(some_states(policy)))
    other = data.draw(st.sampled_from(some_states(policy)))
    ours, rasas = both(policy, [{**other, **state}, {**state, **other}])
    assert ours == rasas


def test_a_lookup_that_grows_is_indexed_anew(policy: RulePolicy) -> None:
    state = {"prev_action": {"action_name": "action_listen"}, "user": {"intent": "moonwalk"}}
    lookup = dict(policy.lookup[RULES])
    assert not rules.likely_keys(policy, lookup, [state])
    lookup[json.dumps([state])] = "action_dance"
    assert rules.likely_keys(policy, lookup, [state]) == {json.dumps([state])}


def test_two_lookups_keep_apart(policy: RulePolicy) -> None:
    [state, *_] = some_states(policy)
    unhappy = policy.lookup[RULES_FOR_LOOP_UNHAPPY_PATH]
    assert rules.likely_keys(policy, policy.lookup[RULES], [state])
    assert rules.likely_keys(policy, unhappy, [state]) == rules._possible_keys(
        policy, unhappy, [state]
    )
