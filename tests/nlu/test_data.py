"""The dialogue engine's own files agree with each other and with the code that serves it."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.actions.registry import ACTIONS
from knowledge.files import KnowledgeFiles

ROOT = Path(__file__).parents[2]
NLU = ROOT / "nlu"
HELD_OUT = ROOT / "tests" / "data" / "heldout"
FEWEST_EXAMPLES = 20
# Rasa's own intent for what its classifier is not sure of; nobody can write examples of it.
FALLBACK = "nlu_fallback"
# What the engine brings along.
BUILT_IN = {"action_deactivate_loop"}


def read(path: Path) -> dict[str, Any]:
    """One file of Rasa's."""
    data: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return data


def domain() -> dict[str, list[Any]]:
    """All domain files as one."""
    together: dict[str, list[Any]] = {}
    for path in sorted((NLU / "domain").glob("*.yml")):
        for key, value in read(path).items():
            if isinstance(value, list):
                together.setdefault(key, []).extend(value)
    return together


def domain_slots() -> dict[str, Any]:
    """All slots by name."""
    together: dict[str, Any] = {}
    for path in sorted((NLU / "domain").glob("*.yml")):
        together.update(read(path).get("slots", {}))
    return together


def conditions(rule: dict[str, Any]) -> str:
    """Under which a rule holds, as a text to compare; a slot set within the steps belongs to it."""
    steps = [step for step in rule["steps"] if "slot_was_set" in step or "active_loop" in step]
    return json.dumps([rule.get("condition", []), steps], sort_keys=True)


def intents() -> list[str]:
    """The domain's intents."""
    return [next(iter(each)) if isinstance(each, dict) else each for each in domain()["intents"]]


def examples() -> list[tuple[str, str]]:
    """All (intent, example) pairs."""
    return [
        (group["intent"], line.removeprefix("- ").strip())
        for path in sorted((NLU / "data").glob("*.yml"))
        for group in read(path).get("nlu", [])
        if "intent" in group
        for line in group["examples"].splitlines()
        if line.strip()
    ]


def rules() -> list[dict[str, Any]]:
    """All rules."""
    return [
        rule
        for path in sorted((NLU / "data").glob("*.yml"))
        for rule in read(path).get("rules", [])
    ]


def test_every_intent_has_examples_enough() -> None:
    counts = Counter(intent for intent, _ in examples())
    poor = {name: counts[name] for name in intents() if counts[name] < FEWEST_EXAMPLES}
    poor.pop(FALLBACK, None)
    assert poor == {}


def test_every_example_is_of_an_intent_of_the_domain() -> None:
    assert {intent for intent, _ in examples()} <= set(intents())


def test_no_example_is_written_twice() -> None:
    counts = Counter(re.sub(r"\W", "", text) for _, text in examples())
    assert [text for text, count in counts.items() if count > 1] == []


def test_hardly_a_held_out_question_is_learnt(shipped: KnowledgeFiles) -> None:
    held_out = {
        re.sub(r"\W", "", json.loads(line)["text"])
        for path in HELD_OUT.glob("*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
    }
    learnt = {re.sub(r"\W", "", text) for _, text in examples()}
    learnt |= {re.sub(r"\W", "", p.text) for ps in shipped.phrasings.values() for p in ps}
    for records in (shipped.subjects, shipped.events, shipped.report_kinds, shipped.emergencies):
        learnt |= {re.sub(r"\W", "", text) for record in records for text in record.phrasings}
    # Two authors may hit upon the same short sentence; more than that would be a leak.
    same = {text for text in held_out & learnt if len(text) > 6}
    assert len(same) <= 0.01 * len(held_out)


def test_every_action_has_a_handler_and_every_handler_an_action() -> None:
    assert set(domain()["actions"]) == set(ACTIONS)


def intent_rules() -> list[tuple[str, dict[str, Any]]]:
    """All (intent, rule) pairs."""
    return [
        (step["intent"], rule) for rule in rules() for step in rule["steps"] if "intent" in step
    ]


def test_every_intent_has_a_rule_that_holds_whatever_is_open() -> None:
    always = {intent for intent, rule in intent_rules() if not rule.get("condition")}
    assert always - {FALLBACK} == set(intents()) - {FALLBACK}
    assert FALLBACK in always


def test_no_intent_has_two_rules_for_the_same_state() -> None:
    counts = Counter((intent, conditions(rule)) for intent, rule in intent_rules())
    assert [each for each, count in counts.items() if count > 1] == []


def test_rules_know_only_what_the_domain_knows() -> None:
    forms = read(NLU / "domain" / "domain.yml")["forms"]
    steps = [step for rule in rules() for step in [*rule.get("condition", []), *rule["steps"]]]
    called = {step["action"] for step in steps if "action" in step}
    assert called <= {*domain()["actions"], *forms, *BUILT_IN}
    loops = {step["active_loop"] for step in steps if step.get("active_loop")}
    assert loops <= set(forms)
    named = {name for step in steps for entry in step.get("slot_was_set", []) for name in entry}
    assert named <= {*domain_slots(), "requested_slot"}


def test_rules_wait_only_for_what_may_be_awaited() -> None:
    awaited = {
        entry["awaiting"]
        for rule in rules()
        for step in rule.get("condition", [])
        for entry in step.get("slot_was_set", [])
        if "awaiting" in entry
    }
    assert awaited == set(domain_slots()["awaiting"]["values"])


def test_after_every_action_the_resident_speaks_next() -> None:
    waited = {rule["steps"][0]["action"] for rule in rules() if "action" in rule["steps"][0]}
    ends = {rule["steps"][-1]["action"] for rule in rules() if "action" in rule["steps"][-1]}
    assert ends <= waited


def test_an_intent_that_ends_a_form_deactivates_it() -> None:
    for intent, rule in intent_rules():
        if {"active_loop": "contact_form"} in rule.get("condition", []):
            actions = [step["action"] for step in rule["steps"] if "action" in step]
            assert actions[-1] == "action_deactivate_loop", intent
            assert rule["steps"][-1] == {"active_loop": None}, intent


def test_every_form_asks_for_its_slots_and_checks_them() -> None:
    for form, wanted in read(NLU / "domain" / "domain.yml")["forms"].items():
        assert f"validate_{form}" in ACTIONS
        for slot in wanted["required_slots"]:
            assert f"action_ask_{slot}" in ACTIONS
            assert slot in domain_slots()


@pytest.mark.parametrize("name", ["item", "facet"])
def test_what_a_payload_carries_is_an_entity_with_a_slot(name: str) -> None:
    assert name in domain()["entities"]
    merged = read(NLU / "domain" / "domain.yml")["slots"]
    assert merged[name]["influence_conversation"] is False
