"""What became of the last link to a group or channel, and who was put out."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0006_disputes_and_unknown_money"),
    ]

    operations = [
        migrations.AddField(
            model_name="grant",
            name="link_sent_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="link sent at"),
        ),
        migrations.AddField(
            model_name="grant",
            name="link_failure",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=20, verbose_name="why the link was not sent"
            ),
        ),
        migrations.AddField(
            model_name="place",
            name="link_asked_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="link asked for at"),
        ),
        migrations.AddField(
            model_name="place",
            name="link_told_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="link told at"),
        ),
        migrations.AddField(
            model_name="place",
            name="link_sent_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="link sent at"),
        ),
        migrations.AddField(
            model_name="place",
            name="link_failure",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=20, verbose_name="why the link was not sent"
            ),
        ),
        migrations.AddField(
            model_name="place",
            name="links_told",
            field=models.PositiveIntegerField(db_default=0, default=0, verbose_name="links told"),
        ),
        migrations.AddField(
            model_name="place",
            name="removed_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="removed at"),
        ),
    ]
