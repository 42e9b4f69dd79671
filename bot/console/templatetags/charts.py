"""Charts drawn by the server: plain SVG, readable without a script."""

from __future__ import annotations

from typing import Any

from django import template

from bot.console import charts

register = template.Library()


@register.inclusion_tag("console/_chart.html")
def chart(drawn: charts.Chart) -> dict[str, Any]:
    """Draw a chart."""
    return {"chart": drawn, "height": charts.HEIGHT, "left": f"{charts.LEFT:g}%"}
