"""Checks what our action endpoint returns against Rasa's schema, without re-checking the schema.

Rasa 3.6 calls ``jsonschema.validate`` for every action, which first validates the constant schema
itself against the meta-schema: half of the processor time of a message (docs/decisions.md), and
then tries each event as each of twenty kinds. Here the validators are made once. Results are
refused as before; those that only set slots, as ours do, are let through by the schema's one kind.
"""

from typing import Any, Dict

from jsonschema import Draft202012Validator
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.events import SlotSet


def of_slots_alone(schema: Dict[str, Any]) -> Dict[str, Any]:
    """Return the schema narrowed to results whose events all set slots."""
    events = schema["properties"]["events"]
    every = {key: part for key, part in events["items"].items() if key != "oneOf"}
    kinds = events["items"]["oneOf"]
    ours = next(k for k in kinds if k["properties"]["event"]["const"] == SlotSet.type_name)
    narrowed = {**events, "items": {"allOf": [every, ours]}}
    return {**schema, "properties": {**schema["properties"], "events": narrowed}}


_SCHEMA = RemoteAction.action_response_format_spec()
_VALIDATOR = Draft202012Validator(_SCHEMA)
_OF_SLOTS = Draft202012Validator(of_slots_alone(_SCHEMA))


def validate_action_result(self: RemoteAction, result: Dict[str, Any]) -> bool:
    """Return True for a result that fits the schema; raises jsonschema.ValidationError."""
    if not _OF_SLOTS.is_valid(result):
        _VALIDATOR.validate(result)
    return True


def install() -> None:
    """Put the prepared validator in the place of the one that is made anew each time."""
    RemoteAction._validate_action_result = validate_action_result
