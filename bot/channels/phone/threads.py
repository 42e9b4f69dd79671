"""Threads for blocking work on the database, which must leave no connection behind."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import close_old_connections

P = ParamSpec("P")
R = TypeVar("R")


class DatabaseThreads(ThreadPoolExecutor):
    """A pool whose work closes the connections it opened."""

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Run ``fn`` in one of the threads."""

        def run() -> R:
            try:
                return fn(*args, **kwargs)
            finally:
                close_old_connections()

        return super().submit(run)
