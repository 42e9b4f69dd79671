"""The addresses of the pages about reports, below ``/staff/reports/``."""

from django.urls import path

from bot.console import reports

urlpatterns = [
    path("", reports.board, name="staff-reports"),
    path("live/", reports.live, name="staff-reports-live"),
    path("search/", reports.search, name="staff-reports-search"),
    path("new/", reports.new, name="staff-report-new"),
    path("reports.csv", reports.export, name="staff-reports-csv"),
    path("opened/<str:number>/", reports.opened, name="staff-report-opened"),
    path("<str:number>/", reports.report, name="staff-report"),
    path("<str:number>/place", reports.place_look, name="staff-report-place"),
    path("<str:number>/phone", reports.phone_look, name="staff-report-phone"),
    path("<str:number>/verdict", reports.verdict, name="staff-report-verdict"),
    path("<str:number>/steps/<str:step>", reports.take, name="staff-report-step"),
    path("<str:number>/photos/<str:upload_id>", reports.photo, name="staff-report-photo"),
]
