"""Complaints about clerks are marked, those that are there already too."""

from django.db import migrations, models


def mark(apps, schema_editor):
    """Mark what was reported of manners at a window."""
    apps.get_model("reports", "Report").objects.filter(kind_id="R13").update(is_about_staff=True)


class Migration(migrations.Migration):

    dependencies = [
        ('reports', '0002_reporter_request_key_spots_source_events'),
    ]

    operations = [
        migrations.AddField(
            model_name='report',
            name='is_about_staff',
            field=models.BooleanField(default=False),
        ),
        migrations.RunPython(mark, migrations.RunPython.noop),
    ]
