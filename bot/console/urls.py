"""The staff's addresses; all but the sign-in page are behind the doorkeeper."""

from django.contrib.auth.views import LogoutView
from django.urls import include, path

from bot.console import bell, views

urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("login", views.SignIn.as_view(), name="staff-login"),
    path("logout", LogoutView.as_view(), name="staff-logout"),
    path("queue/", views.queue, name="staff-queue"),
    path("conversations/<int:conversation_id>/", views.conversation, name="staff-conversation"),
    path("conversations/<int:conversation_id>/words/", views.words, name="staff-words"),
    path("conversations/<int:conversation_id>/take", views.take, name="staff-take"),
    path("conversations/<int:conversation_id>/close", views.close, name="staff-close"),
    path("conversations/<int:conversation_id>/reply", views.reply, name="staff-reply"),
    path("conversations/<int:conversation_id>/contact", views.contact, name="staff-contact"),
    path("bell/", bell.bell, name="staff-bell"),
    path("notices/", bell.notices, name="staff-notices"),
    path("notices/<int:notice_id>/told", views.told, name="staff-told"),
    path("tickets/", include("bot.console.tickets_urls")),
    path("reports/", include("bot.console.reports_urls")),
    path("", include("bot.console.figures_urls")),
    path("", include("bot.console.words_urls")),
    # Before the other pages of the knowledge, whose last addresses are ids.
    path("knowledge/", include("bot.console.hits_urls")),
    path("knowledge/", include("bot.console.knowledge_urls")),
    path("", include("bot.console.office_urls")),
]
