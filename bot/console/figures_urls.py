"""The addresses of figures: what the service did, and how much of the knowledge is filled in."""

from django.urls import path

from bot.console import figures

urlpatterns = [
    path("figures/", figures.figures, name="staff-figures"),
    path("figures/<slug:section_name>/", figures.figures, name="staff-figures-section"),
    path("figures/<slug:name>.csv", figures.table, name="staff-figures-csv"),
]
