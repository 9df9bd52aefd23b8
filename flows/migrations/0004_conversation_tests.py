import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.manager
from django.conf import settings
from django.db import migrations, models

import bots.ids
import bots.models.base


class Migration(migrations.Migration):
    dependencies = [
        ("flows", "0003_flowversion_embedded"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ConversationTest",
            fields=[
                ("id", models.UUIDField(default=bots.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created at"
                    ),
                ),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("document", models.JSONField(default=dict, verbose_name="document")),
                ("last_ok", models.BooleanField(blank=True, null=True, verbose_name="passed")),
                ("last_report", models.JSONField(blank=True, null=True, verbose_name="last result")),
                ("last_played_at", models.DateTimeField(blank=True, null=True, verbose_name="last played at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="created by",
                    ),
                ),
                (
                    "flow",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="conversation_tests",
                        to="flows.flow",
                        verbose_name="flow",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="bots.organization",
                        verbose_name="organization",
                    ),
                ),
            ],
            options={
                "verbose_name": "test conversation",
                "verbose_name_plural": "test conversations",
                "ordering": ["created_at", "id"],
                "abstract": False,
                "base_manager_name": "unscoped",
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "id"), name="flows_conversationtest_tenant"),
                    bots.models.base.TenantForeignKey("flow", name="flows_conversationtest_flow_tenant"),
                    models.UniqueConstraint(fields=("flow", "name"), name="one_conversation_test_per_name"),
                ],
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
    ]
