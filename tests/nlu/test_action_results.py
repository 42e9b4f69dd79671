"""What our action endpoint returns is checked as Rasa checks it."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from rasa.core.actions.action import RemoteAction

from nlu.components.action_results import validate_action_result

SLOT = {"event": "slot", "name": "item", "value": "SB13"}


def rasas_own(result: dict[str, Any]) -> bool:
    """Whether Rasa 3.6 as it is shipped takes the result."""
    try:
        jsonschema.validate(result, RemoteAction.action_response_format_spec())
    except jsonschema.ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    "result",
    [
        {"events": [], "responses": []},
        {"events": [SLOT], "responses": [{"custom": {"text": "您好"}}]},
        {"events": [SLOT, {**SLOT, "value": None}], "responses": []},
        {"events": [SLOT, {"event": "restart"}], "responses": []},
        {"events": [{"event": "action", "name": "action_listen"}], "responses": []},
    ],
    ids=["nothing", "a slot", "two slots", "a slot and another", "another"],
)
def test_what_rasa_takes_is_taken(result: dict[str, Any]) -> None:
    assert rasas_own(result)
    assert validate_action_result(None, result)


@pytest.mark.parametrize(
    "result",
    [
        {"events": [{"event": "slot", "value": "SB13"}], "responses": []},
        {"events": [SLOT, {"event": "slot"}], "responses": []},
        {"events": [{"event": "dance"}], "responses": []},
        {"events": "SB13", "responses": []},
        {"events": [SLOT], "responses": ["您好"]},
    ],
    ids=["a slot without name", "one of two", "an unknown event", "no list", "no reply"],
)
def test_what_rasa_refuses_is_refused(result: dict[str, Any]) -> None:
    assert not rasas_own(result)
    with pytest.raises(jsonschema.ValidationError):
        validate_action_result(None, result)
