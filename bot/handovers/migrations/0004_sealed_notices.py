from django.conf import settings
from django.db import migrations, models
from django.db.models import F

import bot.fields
from bot.encryption import encrypt

EMPTIED = '（内容已删除）'
BATCH = 500


def seal(apps, schema_editor):
    """Encrypt what notices say; of which talk they come is known of those that went by it."""
    notices = apps.get_model('handovers', 'Notice').objects
    notices.filter(text=EMPTIED).update(is_emptied=True)
    notices.exclude(conversation=None).update(origin=F('conversation'))
    rows = notices.order_by('pk')
    last = 0
    while some := list(rows.filter(pk__gt=last).only('text', 'instead_of')[:BATCH]):
        for row in some:
            row.text = encrypt(row.text) if row.text else ''
        notices.bulk_update(some, ['text'])
        last = some[-1].pk
    for row in notices.filter(instead_of__conversation__isnull=False).select_related('instead_of'):
        notices.filter(pk=row.pk).update(origin=row.instead_of.conversation_id)


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('conversations', '0001_initial'),
        ('handovers', '0003_notice_targets'),
    ]

    operations = [
        migrations.AddField(
            model_name='notice',
            name='is_emptied',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='notice',
            name='origin',
            field=models.ForeignKey(blank=True, null=True, on_delete=models.deletion.SET_NULL, related_name='+', to='conversations.conversation'),
        ),
        migrations.AddField(
            model_name='notice',
            name='is_about_staff',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='notice',
            name='told_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.RunPython(seal, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='notice',
            name='text',
            field=bot.fields.SealedTextField(max_length=4000),
        ),
    ]
