"""What the public port serves."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from bot.api import views
from bot.api.alerts import AlertsView
from bot.api.events import EventsView
from bot.api.uploads import UploadsView, UploadView
from bot.channels import call, kiosk, sheet, web
from bot.channels.telegram import webhook as telegram
from bot.channels.wechat import views as wechat

urlpatterns = [
    path("", web.chat, name="chat"),
    path("kiosk", kiosk.kiosk, name="kiosk"),
    path("call", call.call, name="call"),
    path("call/token", call.CallTokenView.as_view(), name="call-token"),
    path("guide/<str:item_id>/", sheet.sheet, name="sheet"),
    path("staff/", include("bot.console.urls")),
    path("api/v1/messages", views.MessagesView.as_view(), name="messages"),
    path("api/v1/items", views.ItemsView.as_view(), name="items"),
    path("api/v1/items/<str:item_id>", views.ItemView.as_view(), name="item"),
    path("api/v1/search", views.SearchView.as_view(), name="search"),
    path("api/v1/tickets/lookup", views.LookupView.as_view(), name="lookup"),
    path("api/v1/alerts", AlertsView.as_view(), name="alerts"),
    path("api/v1/feedback", views.FeedbackView.as_view(), name="feedback"),
    path(
        "api/v1/conversations/<str:conversation_id>/turns",
        views.TurnsView.as_view(),
        name="turns",
    ),
    path(
        "api/v1/conversations/<str:conversation_id>/events",
        EventsView.as_view(),
        name="events",
    ),
    path("api/v1/uploads", UploadsView.as_view(), name="uploads"),
    path("api/v1/uploads/<slug:upload_id>", UploadView.as_view(), name="upload"),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("telegram/webhook/", telegram.webhook, name="telegram"),
    path("wechat/", wechat.endpoint, name="wechat"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
]

handler400 = "bot.api.problems.bad_request"
handler403 = "bot.api.problems.forbidden"
handler404 = "bot.api.problems.not_found"
handler500 = "bot.api.problems.server_error"
