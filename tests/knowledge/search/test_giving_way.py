"""While something long is reckoned, turns get the interpreter sooner; afterwards all is as before."""

from __future__ import annotations

import gc
import sys

import pytest

from knowledge.search.giving_way import SWITCH_SECONDS, giving_way
from knowledge.search.lasting import keep_out_of_rounds


@pytest.fixture(autouse=True)
def _as_before() -> object:
    usual = sys.getswitchinterval()
    yield
    gc.unfreeze()
    assert sys.getswitchinterval() == usual


def test_threads_take_turns_often_until_the_last_block_ends() -> None:
    usual = sys.getswitchinterval()
    with giving_way():
        assert sys.getswitchinterval() == pytest.approx(SWITCH_SECONDS)
        with giving_way():
            pass
        assert sys.getswitchinterval() == pytest.approx(SWITCH_SECONDS)
    assert sys.getswitchinterval() == usual


def test_a_failure_ends_it_too() -> None:
    usual = sys.getswitchinterval()
    with pytest.raises(OSError, match="away"), giving_way():
        raise OSError("away")
    assert sys.getswitchinterval() == usual


class Node:
    """Something that only the collector can let go of."""

    gone = 0

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        Node.gone += 1


def test_what_lasts_is_passed_over_and_what_was_let_go_is_collected() -> None:
    lasting = [Node() for _ in range(1000)]
    keep_out_of_rounds()
    frozen = gc.get_freeze_count()
    assert frozen > len(lasting)
    del lasting
    Node.gone = 0
    gc.collect()
    assert Node.gone == 0
    keep_out_of_rounds()
    assert Node.gone == 1000
    assert gc.get_freeze_count() < frozen
