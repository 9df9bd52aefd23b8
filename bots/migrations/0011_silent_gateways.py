"""A kind of notice more: gateways that hardly tell."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bots", "0010_gateway_scopes"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="noticechoice",
            name="bots_noticechoice_kind",
        ),
        migrations.AlterField(
            model_name="noticechoice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("not_served", "Somebody paid and is not inside"),
                    ("dispute", "A buyer disputes a payment"),
                    ("payment_alarm", "Something is odd about a payment"),
                    ("gateway_down", "A gateway does not answer"),
                    ("gateway_silent", "A gateway's notices hardly arrive"),
                    ("books_differ", "Our books and a gateway's differ"),
                    ("bot_revoked", "A bot's token was revoked"),
                    ("bot_rights", "A bot lost its rights in a group or channel"),
                    ("event_set_aside", "A message could not be handled and was set aside"),
                    ("run_waits", "A conversation waits for the team"),
                    ("sale_paid", "A sale was paid"),
                ],
                max_length=20,
                verbose_name="about",
            ),
        ),
        migrations.AddConstraint(
            model_name="noticechoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "not_served",
                            "dispute",
                            "payment_alarm",
                            "gateway_down",
                            "gateway_silent",
                            "books_differ",
                            "bot_revoked",
                            "bot_rights",
                            "event_set_aside",
                            "run_waits",
                            "sale_paid",
                        ],
                    )
                ),
                name="bots_noticechoice_kind",
            ),
        ),
    ]
