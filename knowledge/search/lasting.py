"""Spares residents the garbage collector's rounds through what stays loaded for good."""

from __future__ import annotations

import gc


def keep_out_of_rounds() -> None:
    """Let the garbage collector pass over all that is loaded now.

    A full round through models, knowledge and libraries held every thread for 0.6 to 0.9 s, twice a
    minute under load (docs/decisions.md). Call it when something large has come into force; what
    was let go of since the last call is collected first.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
