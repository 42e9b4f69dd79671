"""What the pages of questions and runs say beyond Django."""

from __future__ import annotations

from django import template

from bot.console import hits_rows

register = template.Library()
register.filter("percent", hits_rows.percent)
