import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.manager
from django.conf import settings
from django.db import migrations, models

import bots.ids
import bots.models.base
from bots.partitions import CreatePartitionedModel

# A published version is what people inside it were promised. Test versions may go, with their flow's test chats.
VERSIONS_ARE_IMMUTABLE = """
CREATE FUNCTION flows_refuse_version_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.kind = 'test' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'A version cannot be changed or deleted.' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER flows_version_is_immutable BEFORE UPDATE OR DELETE ON flows_flowversion
    FOR EACH ROW EXECUTE FUNCTION flows_refuse_version_change();
"""
VERSIONS_ARE_ORDINARY = """
DROP TRIGGER flows_version_is_immutable ON flows_flowversion;
DROP FUNCTION flows_refuse_version_change();
"""

# Room for updates within the page: every event rewrites these rows, and no index has to follow.
ROOM_FOR_UPDATES = """
ALTER TABLE flows_run SET (fillfactor = 70);
ALTER TABLE flows_conversation SET (fillfactor = 80);
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("bots", "0002_database_functions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DrainMark",
            fields=[
                ("id", models.UUIDField(default=bots.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("shard", models.SmallIntegerField(verbose_name="shard")),
                (
                    "heads",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), size=None, verbose_name="first events"
                    ),
                ),
                ("lease_until", models.DateTimeField(verbose_name="lease until")),
            ],
            options={
                "verbose_name": "drain in progress",
                "verbose_name_plural": "drains in progress",
            },
        ),
        migrations.CreateModel(
            name="InboxKey",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "bot_id", "source", "external_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("bot_id", models.UUIDField()),
                ("source", models.CharField(max_length=12)),
                ("external_id", models.CharField(max_length=200)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "verbose_name": "inbox key",
                "verbose_name_plural": "inbox keys",
            },
        ),
        migrations.CreateModel(
            name="Flow",
            fields=[
                ("id", models.UUIDField(default=bots.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created at"
                    ),
                ),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("draft", models.JSONField(default=dict, verbose_name="draft")),
                ("draft_revision", models.PositiveIntegerField(default=1, verbose_name="revision of the draft")),
                ("active", models.BooleanField(default=False, verbose_name="active")),
                ("closed", models.BooleanField(default=False, verbose_name="closed to new people")),
                ("deleted_at", models.DateTimeField(blank=True, null=True, verbose_name="deleted at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                (
                    "bot",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="flows",
                        to="bots.bot",
                        verbose_name="bot",
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
                "verbose_name": "flow",
                "verbose_name_plural": "flows",
                "ordering": ["-created_at"],
                "abstract": False,
                "base_manager_name": "unscoped",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="FlowVersion",
            fields=[
                ("id", models.UUIDField(default=bots.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created at"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("published", "published"), ("welcome", "welcome"), ("test", "test")],
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                ("number", models.PositiveIntegerField(blank=True, null=True, verbose_name="number")),
                ("definition", models.JSONField(verbose_name="definition")),
                ("content_hash", models.CharField(max_length=64, verbose_name="content hash")),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="note")),
                (
                    "bot",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="bots.bot",
                        verbose_name="bot",
                    ),
                ),
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
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
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
                "verbose_name": "version",
                "verbose_name_plural": "versions",
                "ordering": ["-created_at"],
                "abstract": False,
                "base_manager_name": "unscoped",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="Conversation",
            fields=[
                ("id", models.UUIDField(default=bots.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created at"
                    ),
                ),
                ("telegram_user_id", models.BigIntegerField(verbose_name="Telegram id")),
                (
                    "stack",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="runs, bottom to top",
                    ),
                ),
                ("top_run_id", models.UUIDField(blank=True, null=True, verbose_name="run on top")),
                ("attention", models.BooleanField(default=False, verbose_name="unread by the team")),
                ("clock_offset", models.DurationField(blank=True, null=True, verbose_name="clock ahead by")),
                ("last_event_at", models.DateTimeField(blank=True, null=True, verbose_name="last event")),
                (
                    "bot",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="bots.bot",
                        verbose_name="bot",
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="bots.contact",
                        verbose_name="contact",
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
                (
                    "pinned_version",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="flows.flowversion",
                        verbose_name="version tried",
                    ),
                ),
            ],
            options={
                "verbose_name": "conversation",
                "verbose_name_plural": "conversations",
                "abstract": False,
                "base_manager_name": "unscoped",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        CreatePartitionedModel(
            name="InboxEvent",
            fields=[
                ("id", models.UUIDField(default=bots.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("organization_id", models.UUIDField(verbose_name="organization")),
                ("bot_id", models.UUIDField(verbose_name="bot")),
                ("telegram_user_id", models.BigIntegerField(verbose_name="Telegram id")),
                ("run_id", models.UUIDField(blank=True, null=True, verbose_name="run")),
                ("shard", models.SmallIntegerField(verbose_name="shard")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("telegram", "Telegram"),
                            ("payment", "Payment"),
                            ("timer", "Timer"),
                            ("outside", "Outside answer"),
                            ("operator", "Team"),
                            ("api", "API"),
                            ("simulator", "Test chat"),
                        ],
                        max_length=12,
                        verbose_name="source",
                    ),
                ),
                ("external_id", models.CharField(max_length=200, verbose_name="external id")),
                ("payload", models.BinaryField(verbose_name="payload")),
                (
                    "received_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="received at"
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name="attempts")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "Waiting"),
                            ("done", "Done"),
                            ("set_aside", "Set aside"),
                            ("ignored", "Ignored"),
                        ],
                        db_default="new",
                        default="new",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("error", models.TextField(blank=True, db_default="", default="", verbose_name="error")),
                ("handled_at", models.DateTimeField(blank=True, null=True, verbose_name="handled at")),
            ],
            options={
                "verbose_name": "inbox event",
                "verbose_name_plural": "inbox events",
                "abstract": False,
                "base_manager_name": "unscoped",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "new")),
                        fields=["shard", "bot_id", "id"],
                        name="inbox_waiting_by_shard",
                    ),
                    models.Index(
                        condition=models.Q(("state", "new")),
                        fields=["bot_id", "telegram_user_id", "id"],
                        name="inbox_waiting_by_chat",
                    ),
                    models.Index(
                        condition=models.Q(("state", "set_aside")),
                        fields=["organization_id", "id"],
                        name="inbox_set_aside",
                    ),
                ],
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        CreatePartitionedModel(
            name="Message",
            fields=[
                ("id", models.UUIDField(default=bots.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("organization_id", models.UUIDField(verbose_name="organization")),
                ("bot_id", models.UUIDField(verbose_name="bot")),
                ("conversation_id", models.UUIDField(verbose_name="conversation")),
                ("run_id", models.UUIDField(blank=True, null=True, verbose_name="run")),
                (
                    "direction",
                    models.CharField(
                        choices=[("in", "From the contact"), ("out", "To the contact")],
                        max_length=3,
                        verbose_name="direction",
                    ),
                ),
                ("text", models.TextField(blank=True, verbose_name="text")),
                ("payload", models.JSONField(default=dict, verbose_name="payload")),
                (
                    "telegram_message_id",
                    models.BigIntegerField(blank=True, null=True, verbose_name="Telegram message id"),
                ),
                ("at", models.DateTimeField(verbose_name="at")),
            ],
            options={
                "verbose_name": "message",
                "verbose_name_plural": "messages",
                "ordering": ["id"],
                "abstract": False,
                "base_manager_name": "unscoped",
                "indexes": [models.Index(fields=["conversation_id", "id"], name="message_by_conversation")],
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="Run",
            fields=[
                ("id", models.UUIDField(default=bots.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created at"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("active", "Active"), ("ended", "Ended"), ("failed", "Failed"), ("closed", "Closed")],
                        default="active",
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                ("revision", models.PositiveIntegerField(default=1, verbose_name="revision")),
                ("step_id", models.CharField(blank=True, max_length=64, null=True, verbose_name="step")),
                ("entered_at", models.DateTimeField(blank=True, null=True, verbose_name="entered the step at")),
                ("state", models.JSONField(default=dict, verbose_name="state")),
                ("owes", models.BooleanField(default=False, verbose_name="paid and not yet served")),
                ("started_at", models.DateTimeField(verbose_name="started at")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended at")),
                ("failure", models.CharField(blank=True, max_length=500, verbose_name="failure")),
                (
                    "bot",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="bots.bot",
                        verbose_name="bot",
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="bots.contact",
                        verbose_name="contact",
                    ),
                ),
                (
                    "conversation",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="flows.conversation",
                        verbose_name="conversation",
                    ),
                ),
                (
                    "flow",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
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
                (
                    "version",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="flows.flowversion",
                        verbose_name="version",
                    ),
                ),
            ],
            options={
                "verbose_name": "run",
                "verbose_name_plural": "runs",
                "ordering": ["-started_at"],
                "abstract": False,
                "base_manager_name": "unscoped",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        CreatePartitionedModel(
            name="TimelineEntry",
            fields=[
                ("id", models.UUIDField(default=bots.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("organization_id", models.UUIDField(verbose_name="organization")),
                ("bot_id", models.UUIDField(verbose_name="bot")),
                ("conversation_id", models.UUIDField(verbose_name="conversation")),
                ("run_id", models.UUIDField(verbose_name="run")),
                ("inbox_event_id", models.UUIDField(blank=True, null=True, verbose_name="inbox event")),
                ("kind", models.CharField(max_length=32, verbose_name="kind")),
                ("step_id", models.CharField(blank=True, max_length=64, null=True, verbose_name="step")),
                ("data", models.JSONField(default=dict, verbose_name="data")),
                ("at", models.DateTimeField(verbose_name="at")),
            ],
            options={
                "verbose_name": "timeline entry",
                "verbose_name_plural": "timeline entries",
                "ordering": ["id"],
                "abstract": False,
                "base_manager_name": "unscoped",
                "indexes": [models.Index(fields=["run_id", "id"], name="timeline_by_run")],
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="Timer",
            fields=[
                ("id", models.UUIDField(default=bots.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created at"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("pending", "pending"), ("elapsed", "elapsed"), ("delay", "delay")],
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                ("wait", models.PositiveIntegerField(verbose_name="wait")),
                ("visit", models.PositiveIntegerField(blank=True, null=True, verbose_name="visit")),
                ("due_at", models.DateTimeField(verbose_name="due at")),
                (
                    "state",
                    models.CharField(
                        choices=[("armed", "Armed"), ("fired", "Fired"), ("void", "Void")],
                        default="armed",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
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
                (
                    "run",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="timers",
                        to="flows.run",
                        verbose_name="run",
                    ),
                ),
            ],
            options={
                "verbose_name": "timer",
                "verbose_name_plural": "timers",
                "abstract": False,
                "base_manager_name": "unscoped",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddIndex(
            model_name="flow",
            index=models.Index(fields=["organization", "bot"], name="flow_by_bot"),
        ),
        migrations.AddConstraint(
            model_name="flow",
            constraint=models.UniqueConstraint(fields=("organization", "id"), name="flows_flow_tenant"),
        ),
        migrations.AddConstraint(
            model_name="flow",
            constraint=bots.models.base.TenantForeignKey("bot", name="flows_flow_bot_tenant"),
        ),
        migrations.AddConstraint(
            model_name="flow",
            constraint=models.UniqueConstraint(
                condition=models.Q(("active", True)), fields=("bot",), name="one_active_flow_per_bot"
            ),
        ),
        migrations.AddConstraint(
            model_name="flow",
            constraint=models.CheckConstraint(
                condition=models.Q(("active", False), ("deleted_at__isnull", True), _connector="OR"),
                name="deleted_flow_is_not_active",
            ),
        ),
        migrations.AddConstraint(
            model_name="flowversion",
            constraint=models.UniqueConstraint(fields=("organization", "id"), name="flows_flowversion_tenant"),
        ),
        migrations.AddConstraint(
            model_name="flowversion",
            constraint=bots.models.base.TenantForeignKey("bot", name="flows_flowversion_bot_tenant"),
        ),
        migrations.AddConstraint(
            model_name="flowversion",
            constraint=bots.models.base.TenantForeignKey("flow", name="flows_flowversion_flow_tenant"),
        ),
        migrations.AddConstraint(
            model_name="flowversion",
            constraint=models.UniqueConstraint(fields=("flow", "number"), name="one_version_per_number"),
        ),
        migrations.AddConstraint(
            model_name="flowversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "welcome")),
                fields=("bot", "content_hash"),
                name="one_welcome_version_per_content",
            ),
        ),
        migrations.AddConstraint(
            model_name="flowversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "test")),
                fields=("flow", "content_hash"),
                name="one_test_version_per_content",
            ),
        ),
        migrations.AddConstraint(
            model_name="flowversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("flow__isnull", False), ("kind", "published"), ("number__isnull", False)),
                    models.Q(("flow__isnull", True), ("kind", "welcome"), ("number__isnull", True)),
                    models.Q(("flow__isnull", False), ("kind", "test"), ("number__isnull", True)),
                    _connector="OR",
                ),
                name="version_kind_names_its_parts",
            ),
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("attention", True)), fields=["organization"], name="conversation_unread_by_team"
            ),
        ),
        migrations.AddConstraint(
            model_name="conversation",
            constraint=models.UniqueConstraint(fields=("organization", "id"), name="flows_conversation_tenant"),
        ),
        migrations.AddConstraint(
            model_name="conversation",
            constraint=bots.models.base.TenantForeignKey("bot", name="flows_conversation_bot_tenant"),
        ),
        migrations.AddConstraint(
            model_name="conversation",
            constraint=bots.models.base.TenantForeignKey("contact", name="flows_conversation_contact_tenant"),
        ),
        migrations.AddConstraint(
            model_name="conversation",
            constraint=bots.models.base.TenantForeignKey(
                "pinned_version", name="flows_conversation_pinned_version_tenant"
            ),
        ),
        migrations.AddConstraint(
            model_name="conversation",
            constraint=models.UniqueConstraint(fields=("bot", "telegram_user_id"), name="one_conversation_per_contact"),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(fields=["conversation", "-started_at"], name="run_by_conversation"),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(fields=["organization", "-started_at"], name="run_by_start"),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(condition=models.Q(("status", "active")), fields=["version"], name="run_inside_version"),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("status", "failed")), fields=["organization"], name="run_standing_still"
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.UniqueConstraint(fields=("organization", "id"), name="flows_run_tenant"),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=bots.models.base.TenantForeignKey("conversation", name="flows_run_conversation_tenant"),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=bots.models.base.TenantForeignKey("contact", name="flows_run_contact_tenant"),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=bots.models.base.TenantForeignKey("bot", name="flows_run_bot_tenant"),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=bots.models.base.TenantForeignKey("flow", name="flows_run_flow_tenant"),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=bots.models.base.TenantForeignKey("version", name="flows_run_version_tenant"),
        ),
        migrations.AddIndex(
            model_name="timer",
            index=models.Index(condition=models.Q(("state", "armed")), fields=["due_at"], name="timer_due"),
        ),
        migrations.AddIndex(
            model_name="timer",
            index=models.Index(condition=models.Q(("state", "armed")), fields=["run"], name="timer_armed_by_run"),
        ),
        migrations.AddConstraint(
            model_name="timer",
            constraint=models.UniqueConstraint(fields=("organization", "id"), name="flows_timer_tenant"),
        ),
        migrations.AddConstraint(
            model_name="timer",
            constraint=bots.models.base.TenantForeignKey("conversation", name="flows_timer_conversation_tenant"),
        ),
        migrations.AddConstraint(
            model_name="timer",
            constraint=bots.models.base.TenantForeignKey("run", name="flows_timer_run_tenant"),
        ),
        migrations.AddIndex(
            model_name="inboxkey",
            index=django.contrib.postgres.indexes.BrinIndex(fields=["created_at"], name="inbox_key_age"),
        ),
        migrations.RunSQL(VERSIONS_ARE_IMMUTABLE, VERSIONS_ARE_ORDINARY),
        migrations.RunSQL(ROOM_FOR_UPDATES, migrations.RunSQL.noop),
    ]
