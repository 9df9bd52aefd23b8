from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("flows", "0007_versions_vouched_for")]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="journal_digest",
            field=models.CharField(blank=True, db_default="", default="", max_length=16, verbose_name="journal"),
        ),
        migrations.AddField(
            model_name="inboxevent",
            name="journal",
            field=models.JSONField(blank=True, null=True, verbose_name="journal"),
        ),
    ]
