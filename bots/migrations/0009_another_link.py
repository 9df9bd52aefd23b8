"""When, and how often, who paid and is not inside gets another link to a group or channel."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bots", "0008_books_differ"),
    ]

    operations = [
        migrations.AddField(
            model_name="connectedchat",
            name="another_link_minutes",
            field=models.PositiveSmallIntegerField(
                db_default=30,
                default=30,
                validators=[
                    django.core.validators.MinValueValidator(5),
                    django.core.validators.MaxValueValidator(1440),
                ],
                verbose_name="minutes until another link",
            ),
        ),
        migrations.AddField(
            model_name="connectedchat",
            name="another_links",
            field=models.PositiveSmallIntegerField(
                db_default=2,
                default=2,
                validators=[django.core.validators.MaxValueValidator(5)],
                verbose_name="other links at most",
            ),
        ),
        migrations.AddConstraint(
            model_name="connectedchat",
            constraint=models.CheckConstraint(
                condition=models.Q(("another_link_minutes__range", (5, 1440)), ("another_links__lte", 5)),
                name="bots_chat_another_link",
            ),
        ),
    ]
