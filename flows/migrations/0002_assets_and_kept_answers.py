import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.manager
from django.conf import settings
from django.db import migrations, models

import bots.ids
import bots.models.base


class Migration(migrations.Migration):
    dependencies = [
        ("bots", "0002_database_functions"),
        ("flows", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Asset",
            fields=[
                ("id", models.UUIDField(default=bots.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created at"
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("photo", "Photo"),
                            ("video", "Video"),
                            ("audio", "Audio"),
                            ("voice", "Voice message"),
                            ("document", "Document"),
                            ("animation", "Animation"),
                        ],
                        max_length=9,
                        verbose_name="kind",
                    ),
                ),
                ("mime", models.CharField(max_length=64, verbose_name="content type")),
                ("size", models.PositiveIntegerField(verbose_name="size in bytes")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("file", models.FileField(editable=False, max_length=200, upload_to="", verbose_name="file")),
                ("deleted_at", models.DateTimeField(blank=True, null=True, verbose_name="deleted at")),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="uploaded by",
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
                "verbose_name": "media file",
                "verbose_name_plural": "media files",
                "ordering": ["-created_at"],
                "abstract": False,
                "base_manager_name": "unscoped",
                "indexes": [
                    models.Index(
                        condition=models.Q(("deleted_at__isnull", False)), fields=["deleted_at"], name="asset_deleted"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "id"), name="flows_asset_tenant"),
                    models.UniqueConstraint(fields=("organization", "kind", "sha256"), name="one_asset_per_content"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["photo", "video", "audio", "voice", "document", "animation"])),
                        name="asset_kind",
                    ),
                ],
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="KeptAnswer",
            fields=[
                ("id", models.UUIDField(default=bots.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created at"
                    ),
                ),
                ("run_id", models.UUIDField(verbose_name="run")),
                ("step_id", models.CharField(max_length=64, verbose_name="step")),
                ("variable", models.CharField(blank=True, max_length=80, verbose_name="variable")),
                ("purpose", models.TextField(blank=True, verbose_name="purpose")),
                ("accepted", models.BooleanField(verbose_name="accepted")),
                ("inbox_event_id", models.UUIDField(verbose_name="inbox event")),
                ("message_id", models.UUIDField(verbose_name="message")),
                ("answered_at", models.DateTimeField(verbose_name="answered at")),
                ("due_at", models.DateTimeField(blank=True, null=True, verbose_name="erased from")),
                ("erased_at", models.DateTimeField(blank=True, null=True, verbose_name="erased at")),
                (
                    "conversation",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="flows.conversation",
                        verbose_name="conversation",
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
                "verbose_name": "kept answer",
                "verbose_name_plural": "kept answers",
                "ordering": ["-id"],
                "abstract": False,
                "base_manager_name": "unscoped",
                "indexes": [
                    models.Index(fields=["conversation", "id"], name="kept_answer_by_chat"),
                    models.Index(
                        condition=models.Q(("due_at__isnull", False), ("erased_at__isnull", True)),
                        fields=["due_at"],
                        name="kept_answer_due",
                    ),
                    models.Index(
                        condition=models.Q(("erased_at__isnull", False)),
                        fields=["erased_at"],
                        name="kept_answer_erased",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "id"), name="flows_keptanswer_tenant"),
                    bots.models.base.TenantForeignKey("conversation", name="flows_keptanswer_conversation_tenant"),
                ],
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
    ]
