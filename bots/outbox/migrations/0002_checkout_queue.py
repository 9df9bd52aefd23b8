"""Checkouts have a queue of their own."""

from django.db import migrations, models

QUEUES = [("outbox", "Messages"), ("payments", "Payments"), ("bulk", "Bulk"), ("checkout", "Checkouts")]


class Migration(migrations.Migration):
    dependencies = [("outbox", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="outboxmessage",
            name="queue",
            field=models.CharField(choices=QUEUES, default="outbox", max_length=10, verbose_name="queue"),
        ),
        migrations.RemoveConstraint(model_name="outboxmessage", name="outbox_message_queue"),
        migrations.AddConstraint(
            model_name="outboxmessage",
            constraint=models.CheckConstraint(
                condition=models.Q(queue__in=[name for name, _label in QUEUES]), name="outbox_message_queue"
            ),
        ),
    ]
