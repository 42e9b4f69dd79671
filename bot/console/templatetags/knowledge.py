"""What the pages of the knowledge share: their tabs, and texts with what changed in them."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import Any

from django import template
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from bot.console.asking import staff_of
from bot.console.knowledge_tabs import tabs_for

register = template.Library()
# Beyond it a comparison takes too long, and nobody reads it word by word.
LONGEST_COMPARED = 4000


@register.inclusion_tag("console/_knowledge_tabs.html")
def knowledge_tabs(request: HttpRequest) -> dict[str, Any]:
    """Show the pages of the knowledge."""
    tabs, current = tabs_for(staff_of(request), request.path)
    return {"tabs": tabs, "current": current}


@register.simple_tag
def was(before: str, after: str) -> SafeString:
    """Show a text with what is gone from it now."""
    return _marked(before, after, "del")


@register.simple_tag
def has_become(before: str, after: str) -> SafeString:
    """Show a text with what is new in it."""
    return _marked(after, before, "ins")


def _marked(text: str, other: str, tag: str) -> SafeString:
    if not text or not other or max(len(text), len(other)) > LONGEST_COMPARED:
        return format_html_join("", f"<{tag}>{{}}</{tag}>", [(text,)] if text else [])
    steps = SequenceMatcher(None, text, other, autojunk=False).get_opcodes()
    shown = [
        (SafeString("") if step == "equal" else SafeString(f"<{tag}>"), text[start:end],
         SafeString("") if step == "equal" else SafeString(f"</{tag}>"))
        for step, start, end, _, _ in steps
        if end > start
    ]  # fmt: skip
    return format_html_join("", "{}{}{}", shown)
