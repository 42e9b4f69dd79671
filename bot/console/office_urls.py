"""The addresses of the pages by which the office is run: people, shifts, places, lost letters."""

from django.urls import path

from bot.console import audit, entrance, letters, locks, people, places, shifts

urlpatterns = [
    path("password/", entrance.password, name="staff-password"),
    path("code/", entrance.code, name="staff-code"),
    path("audit/", audit.audit, name="staff-audit"),
    path("audit/audit.csv", audit.export, name="staff-audit-csv"),
    path("letters/", letters.letters, name="staff-letters"),
    path("letters/<int:notice_id>/<str:what>", letters.act, name="staff-letter"),
    path("people/", people.people, name="staff-people"),
    path("people/locks/", locks.locks, name="staff-locks"),
    path("people/locks/<int:attempt_id>/unlock", locks.unlock, name="staff-unlock"),
    path("people/new", people.add, name="staff-person-new"),
    path("people/<int:staff_id>/", people.person, name="staff-person"),
    path("people/<int:staff_id>/<str:what>", people.act, name="staff-person-act"),
    path("shifts/", shifts.shifts, name="staff-shifts"),
    path("shifts/<int:staff_id>/", shifts.person, name="staff-shifts-person"),
    path("shifts/<int:staff_id>/<str:what>", shifts.act, name="staff-shifts-act"),
    path("places/", places.places, name="staff-places"),
    path("places/places.csv", places.export, name="staff-places-csv"),
    path("places/import", places.import_file, name="staff-places-import"),
    path("places/find", places.find, name="staff-places-find"),
    path("places/new", places.community_new, name="staff-community-new"),
    path("places/<int:community_id>/", places.community, name="staff-community"),
    path("places/<int:community_id>/<str:what>", places.act, name="staff-community-act"),
]
