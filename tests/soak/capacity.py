"""How many messages residents who never pause get answered: the most this machine does."""

from __future__ import annotations

from tests.soak.figures import Figures, judged
from tests.soak.processes import served
from tests.soak.residents import SOUND, answered, count, history, logged, outcome, talking, wait

RESIDENTS = 8


def capacity(seconds: float) -> Figures:
    """Eight residents ask held-out questions one after the other; is any message lost?"""
    with served() as (server, _):
        with talking(server, RESIDENTS) as residents:
            wait("capacity", seconds, lambda: count(residents))
        said = [each for resident in residents for each in resident.said]
        figures: Figures = {"messages_per_second": round(len(answered(said)) / seconds, 1)}
        figures.update(outcome(said))
        figures.update(history(server, said))
        figures.update(logged(server))
    return judged(figures, **SOUND, tracebacks=0)
