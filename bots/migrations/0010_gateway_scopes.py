"""What a key may be used for: gateway accounts, too."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bots", "0009_another_link"),
    ]

    operations = [
        migrations.AlterField(
            model_name="apikey",
            name="scopes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("bots:read", "Read bots"),
                        ("bots:write", "Connect and change bots"),
                        ("flows:read", "Read flows"),
                        ("flows:write", "Edit and publish flows"),
                        ("contacts:read", "Read contacts"),
                        ("runs:read", "Read runs and their events"),
                        ("runs:write", "Start runs"),
                        ("payments:read", "Read payments and grants"),
                        ("payments:write", "Refund payments, give accesses and take them back"),
                        ("gateways:read", "Read gateway accounts and their health"),
                        ("gateways:write", "Manage gateway accounts and their order"),
                        ("webhooks:read", "Read webhook endpoints"),
                        ("webhooks:write", "Manage webhook endpoints"),
                    ],
                    max_length=32,
                ),
                size=None,
                verbose_name="scopes",
            ),
        ),
    ]
