"""The addresses of figures: what the service did, and how much of the knowledge is filled in."""

from django.urls import path

from bot.console import figures, knowledge_coverage

urlpatterns = [
    path("figures/", figures.figures, name="staff-figures"),
    path("figures/<slug:section_name>/", figures.figures, name="staff-figures-section"),
    path("figures/<slug:name>.csv", figures.table, name="staff-figures-csv"),
    path("knowledge/coverage/", knowledge_coverage.coverage_map, name="staff-coverage"),
    path("knowledge/coverage.csv", knowledge_coverage.coverage_table, name="staff-coverage-csv"),
]
