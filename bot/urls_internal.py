"""What the internal port serves."""

from django.urls import path

from bot.actions.views import run_action

urlpatterns = [path("actions", run_action)]
