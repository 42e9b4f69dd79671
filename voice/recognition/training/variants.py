"""Whose voices the model learns from, and whose it must understand without having heard them.

The pairs are espeak-ng's voice variants. Left out beside the five: whispers and robots, which have
no pitch and so no tones.
"""

from __future__ import annotations

HELD_OUT = ("Andy", "m4", "f3", "steph", "klatt2")


def _listed(names: str) -> tuple[str, ...]:
    return tuple(names.split())


_PLAIN = ("", *_listed("m1 m2 m3 m5 m6 m7 m8 f1 f2 f4 f5"))
_CHARACTERS = _listed(
    "Alex Alicia Andrea Annie Denis Diogo Gene Gene2 Henrique Hugo Jacky Lee Marco Mario Michael "
    "Mike Nguyen Storm adam anika antonio aunty belinda benjamin boris caleb david ed edward "
    "edward2 grandma grandpa gustave ian iven iven2 iven3 iven4 john kaukovalta klatt klatt3 "
    "klatt4 klatt5 klatt6 linda marcelo max michel miguel mike2 norbert pablo paul pedro quincy "
    "rob robert sandro shelby steph2 steph3 travis victor zac"
)
TRAINED = _PLAIN * 3 + _CHARACTERS  # the plain ones are what callers' test voices resemble most
