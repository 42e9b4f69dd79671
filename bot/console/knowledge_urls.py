"""The addresses of the pages of the knowledge, below ``/staff/knowledge/``."""

from django.urls import path

from bot.console import (
    knowledge,
    knowledge_aloud,
    knowledge_edit,
    knowledge_records,
    knowledge_review,
)

urlpatterns = [
    path("", knowledge.records, name="staff-knowledge"),
    path("aloud", knowledge_aloud.aloud, name="staff-knowledge-aloud"),
    path("new/", knowledge_records.new, name="staff-knowledge-new"),
    path(
        "records/<str:kind>/<str:record_id>/",
        knowledge_records.record,
        name="staff-knowledge-record",
    ),
    path(
        "records/<str:kind>/<str:record_id>/edit",
        knowledge_records.begin,
        name="staff-knowledge-begin",
    ),
    path(
        "records/<str:kind>/<str:record_id>/retire",
        knowledge_records.retire,
        name="staff-knowledge-retire",
    ),
    path(
        "records/item/<str:record_id>/verify",
        knowledge_records.verify,
        name="staff-knowledge-verify",
    ),
    path("revisions/", knowledge_review.revisions, name="staff-revisions"),
    path("revisions/<int:revision_id>/", knowledge_review.revision, name="staff-revision"),
    path("revisions/<int:revision_id>/edit/", knowledge_edit.edit, name="staff-revision-edit"),
    path("revisions/<int:revision_id>/look", knowledge_edit.look, name="staff-revision-look"),
    path(
        "revisions/<int:revision_id>/picture",
        knowledge_review.picture,
        name="staff-revision-picture",
    ),
    path("revisions/<int:revision_id>/<str:what>", knowledge_review.act, name="staff-revision-act"),
]
