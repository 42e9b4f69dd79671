"""What the pages of questions and runs say beyond Django."""

from __future__ import annotations

from typing import Any

from django import template
from django.http import HttpRequest

from bot.console import hits_rows
from bot.console.asking import staff_of
from bot.console.hits_tabs import tabs_for

register = template.Library()
register.filter("percent", hits_rows.percent)


@register.inclusion_tag("console/_hits_nav.html")
def hits_nav(request: HttpRequest) -> dict[str, Any]:
    """Show which other pages of the knowledge its reader may use."""
    tabs, current = tabs_for(staff_of(request), request.path)
    return {"tabs": tabs, "current": current}
