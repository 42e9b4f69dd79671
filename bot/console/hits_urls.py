"""Addresses of trying questions, question sets, runs and publications, below /staff/knowledge/."""

from django.urls import path

from bot.console import hits, hits_sets, publications, unanswered

urlpatterns = [
    path("hits/", hits.hits, name="staff-hits"),
    path("hits/try", hits.try_many, name="staff-hits-try"),
    path("hits/keep", hits_sets.keep, name="staff-hits-keep"),
    path("hits/runs/", hits.runs, name="staff-hits-runs"),
    path("hits/runs/<int:run_id>/", hits.run, name="staff-hits-run"),
    path("hits/runs/<int:run_id>/run.csv", hits.run_csv, name="staff-hits-run-csv"),
    path("hits/runs/<int:run_id>/run.xlsx", hits.run_xlsx, name="staff-hits-run-xlsx"),
    path("hits/sets/", hits_sets.sets, name="staff-hits-sets"),
    path("hits/sets/new", hits_sets.set_new, name="staff-hits-set-new"),
    path("hits/sets/<int:set_id>/", hits_sets.one_set, name="staff-hits-set"),
    path("hits/sets/<int:set_id>/set.csv", hits_sets.set_csv, name="staff-hits-set-csv"),
    path("hits/sets/<int:set_id>/<str:what>", hits_sets.act, name="staff-hits-set-act"),
    path("unanswered/", unanswered.unanswered, name="staff-unanswered"),
    path("unanswered/refresh", unanswered.refresh, name="staff-unanswered-refresh"),
    path("unanswered/<int:cluster_id>/", unanswered.cluster, name="staff-unanswered-cluster"),
    path("unanswered/<int:cluster_id>/<str:what>", unanswered.act, name="staff-unanswered-act"),
    path("publications/", publications.publications, name="staff-publications"),
    path("publications/<int:publication_id>/", publications.publication, name="staff-publication"),
]
