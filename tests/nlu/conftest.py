"""What the tests of the dialogue engine share."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import pytest
from absl.logging import get_absl_handler
from rasa.shared.core.domain import Domain

import nlu

# TensorFlow's log writes to the stream that it finds when it is imported, here pytest's own, and
# closes it as soon as anything sets up logging anew.
get_absl_handler().python_handler.setStream(sys.__stderr__)

DOMAIN = Path(nlu.__file__).parent / "domain"


@pytest.fixture(scope="session")
def domain() -> Domain:
    """Return the project's own domain; Rasa warns of what another of its files holds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Domain.load(str(DOMAIN))
