"""Whether the gateway was given its address for notices by us, and why not."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0007_links_seen"),
    ]

    operations = [
        migrations.AddField(
            model_name="gatewayaccount",
            name="webhook_registered_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="notices registered"),
        ),
        migrations.AddField(
            model_name="gatewayaccount",
            name="webhook_error",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                max_length=300,
                verbose_name="why notices are not registered",
            ),
        ),
    ]
