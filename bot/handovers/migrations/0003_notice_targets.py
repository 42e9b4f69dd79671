from django.db import migrations
from django.db.models import CharField, F
from django.db.models.functions import Cast


def name_targets(apps, schema_editor):
    """Notices written so far all belong to a conversation."""
    notices = apps.get_model('handovers', 'Notice').objects
    notices.update(target=Cast(F('conversation_id'), CharField(max_length=80)))


class Migration(migrations.Migration):

    dependencies = [
        ('handovers', '0002_notices_of_all_kinds'),
    ]

    operations = [
        migrations.RunPython(name_targets, migrations.RunPython.noop),
    ]
