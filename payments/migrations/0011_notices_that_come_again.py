"""The very same notice may come again and mean something new."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("payments", "0010_charges_by_receipt")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="webhookdelivery",
            name="came_again_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="came again at"),
        ),
    ]
