"""Where a bot's buyers find help; empty is the chat itself."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bots", "0002_database_functions")]

    operations = [
        migrations.AddField(
            model_name="bot",
            name="support_contact",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="What /paysupport tells: @username, e-mail, phone or address. Empty: this very chat.",
                max_length=200,
                verbose_name="support contact",
            ),
        )
    ]
