from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0002_conversation_danger_turnrecord_sealed_reply_draft'),
    ]

    operations = [
        migrations.AddField(
            model_name='turnrecord',
            name='attachments',
            field=models.JSONField(blank=True, default=list),
        ),
    ]
