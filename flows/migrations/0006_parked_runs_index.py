from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Nobody waits while the index is made.
    atomic = False

    dependencies = [
        ("flows", "0005_parked_runs"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="run",
            index=models.Index(
                condition=models.Q(("status", "active"), models.Q(("parked", ""), _negated=True)),
                fields=["organization"],
                name="run_parked",
            ),
        ),
    ]
