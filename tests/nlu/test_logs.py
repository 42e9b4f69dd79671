"""What a resident says does not reach Rasa's log, not even when a turn fails."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from rasa.utils.log_utils import configure_structlog

from nlu.components import logs

SAID = "我家老头子八十了走不动"


@pytest.fixture(autouse=True)
def as_rasa_logs() -> Iterator[None]:
    before = structlog.get_config()
    configure_structlog(logging.INFO)
    yield
    structlog.configure(**before)


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    return [json.loads(record.getMessage()) for record in caplog.records]


def test_rasa_alone_would_write_it_down(caplog: pytest.LogCaptureFixture) -> None:
    structlog.get_logger().error("rest.message.received.timeout", text=SAID)
    assert lines(caplog)[0]["text"] == SAID


def test_a_turn_that_was_given_up_is_told_without_its_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    logger = structlog.get_logger()
    logger.info("in use before")
    logs.install()
    logs.install()
    logger.error("rest.message.received.timeout", text=SAID)
    assert lines(caplog)[-1] == {"event": "rest.message.received.timeout", "level": "error"}


def test_an_error_is_told_by_type_and_place_without_its_variables(
    caplog: pytest.LogCaptureFixture,
) -> None:
    logs.install()
    try:
        said = SAID
        raise ValueError(f"no idea of {said}")
    except ValueError:
        structlog.get_logger().exception("rest.message.received.failure", text=SAID)
    (line,) = lines(caplog)
    assert line["error"] == "ValueError"
    assert "test_logs.py" in str(line["places"])
    assert SAID not in json.dumps(line, ensure_ascii=False)
