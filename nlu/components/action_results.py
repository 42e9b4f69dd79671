"""Checks what our action endpoint returns against Rasa's schema, without re-checking the schema.

Rasa 3.6 calls ``jsonschema.validate`` for every action, which first validates the constant schema
itself against the meta-schema: half of the processor time of a message (docs/decisions.md). Here
the validator is made once; results are checked as before and refused as before.
"""

from typing import Any, Dict

from jsonschema import Draft202012Validator
from rasa.core.actions.action import RemoteAction

_VALIDATOR = Draft202012Validator(RemoteAction.action_response_format_spec())


def validate_action_result(self: RemoteAction, result: Dict[str, Any]) -> bool:
    """Return True for a result that fits the schema; raises jsonschema.ValidationError."""
    _VALIDATOR.validate(result)
    return True


def install() -> None:
    """Put the prepared validator in the place of the one that is made anew each time."""
    RemoteAction._validate_action_result = validate_action_result
