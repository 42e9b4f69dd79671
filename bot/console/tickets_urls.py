"""Addresses of the pages about tickets, below ``/staff/tickets/``."""

from django.urls import path

from bot.console import tickets
from bot.console.tickets_new import new

urlpatterns = [
    path("", tickets.board, name="staff-tickets"),
    path("list/", tickets.board_list, name="staff-tickets-list"),
    path("table.csv", tickets.table, name="staff-tickets-csv"),
    path("mine/", tickets.mine, name="staff-tickets-mine"),
    path("mine/version/", tickets.mine_version, name="staff-tickets-mine-version"),
    path("new/", new, name="staff-ticket-new"),
    path("<str:number>/", tickets.ticket, name="staff-ticket"),
    path("<str:number>/live/", tickets.live, name="staff-ticket-live"),
    path("<str:number>/steps/<str:step>", tickets.step, name="staff-ticket-step"),
    path("<str:number>/look", tickets.look_at, name="staff-ticket-look"),
    path("<str:number>/change", tickets.change, name="staff-ticket-change"),
    path(
        "<str:number>/materials/<int:material_id>", tickets.material, name="staff-ticket-material"
    ),
    path("<str:number>/evidence/", tickets.evidence, name="staff-ticket-evidence"),
    path("<str:number>/evidence/<str:upload_id>/", tickets.picture, name="staff-ticket-picture"),
    path("<str:number>/ratings/<int:rating_id>", tickets.rating, name="staff-ticket-rating"),
    path("<str:number>/papers/<str:kind>/", tickets.paper, name="staff-ticket-paper"),
]
