"""What the tables of rules have in common: a pattern, and how its match is said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

Said = Callable[[re.Match[str]], str]
Rule = tuple[re.Pattern[str], Said]


def rule(pattern: str, said: Said | str) -> Rule:
    r"""Make a rule; a fixed text is taken as it stands, without group references.

    Classes such as ``\w`` mean ASCII alone, so that a Chinese character ends a word or number.
    """
    compiled = re.compile(pattern, re.ASCII)
    if isinstance(said, str):
        fixed = said
        return compiled, lambda _match: fixed
    return compiled, said


def applied(rules: Iterable[Rule], text: str) -> str:
    """Apply the rules in their order; a later one sees what an earlier one has said."""
    for pattern, said in rules:
        text = pattern.sub(said, text)
    return text
