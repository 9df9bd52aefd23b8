"""When an organization leaves people alone; off until it says so."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bots", "0003_bot_support_contact")]

    operations = [
        migrations.AddField(
            model_name="organization",
            name="quiet_from",
            field=models.TimeField(blank=True, null=True, verbose_name="quiet from"),
        ),
        migrations.AddField(
            model_name="organization",
            name="quiet_until",
            field=models.TimeField(blank=True, null=True, verbose_name="quiet until"),
        ),
        migrations.AddConstraint(
            model_name="organization",
            constraint=models.CheckConstraint(
                condition=(
                    models.Q(quiet_from__isnull=True, quiet_until__isnull=True)
                    | models.Q(quiet_from__isnull=False, quiet_until__isnull=False)
                    & ~models.Q(quiet_from=models.F("quiet_until"))
                ),
                name="bots_organization_quiet_hours",
                violation_error_message="Say when the quiet hours begin and when they end, at two different times.",
            ),
        ),
    ]
