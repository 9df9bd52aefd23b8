from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("flows", "0004_conversation_tests"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="parked",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=32, verbose_name="waits for the team"
            ),
        ),
        migrations.AlterField(
            model_name="timer",
            name="kind",
            field=models.CharField(
                choices=[("pending", "pending"), ("elapsed", "elapsed"), ("delay", "delay"), ("answer", "answer")],
                max_length=16,
                verbose_name="kind",
            ),
        ),
    ]
