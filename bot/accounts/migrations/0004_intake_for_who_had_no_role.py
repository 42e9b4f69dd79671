"""Whoever looked after conversations without a role goes on with one: none means nothing now."""

from django.db import migrations


def give(apps, schema_editor):
    """Make those intake clerks who have no role; superusers give themselves what they need."""
    staff = apps.get_model("accounts", "Staff").objects
    role = apps.get_model("accounts", "StaffRole")
    without = staff.filter(is_active=True, is_superuser=False, roles=None)
    role.objects.bulk_create(role(staff=one, role="intake") for one in without)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_passwords'),
    ]

    operations = [
        migrations.RunPython(give, migrations.RunPython.noop),
    ]
