import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.manager
from django.db import migrations, models

import bots.fields
import bots.ids
import bots.models.base
import payments.gateways.sandbox.charge
import payments.models.account

# The ledger is what people paid: a line, once written, stays.
LEDGER_IS_APPEND_ONLY = """
CREATE FUNCTION payments_refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A line of the ledger cannot be changed or deleted.' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER payments_ledger_is_append_only BEFORE UPDATE OR DELETE ON payments_paymentevent
    FOR EACH ROW EXECUTE FUNCTION payments_refuse_ledger_change();
"""
LEDGER_IS_ORDINARY = """
DROP TRIGGER payments_ledger_is_append_only ON payments_paymentevent;
DROP FUNCTION payments_refuse_ledger_change();
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("bots", "0002_database_functions"),
    ]

    operations = [
        migrations.CreateModel(
            name="GatewayAccount",
            fields=[
                ("id", models.UUIDField(default=bots.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created at"
                    ),
                ),
                ("gateway", models.CharField(max_length=32, verbose_name="gateway")),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                (
                    "public_id",
                    models.CharField(
                        default=payments.models.account.new_public_id,
                        editable=False,
                        max_length=64,
                        unique=True,
                        verbose_name="public id",
                    ),
                ),
                ("credentials", bots.fields.EncryptedJSONField(blank=True, default=dict, verbose_name="credentials")),
                (
                    "webhook_secret",
                    bots.fields.EncryptedTextField(
                        blank=True, default=payments.models.account.new_webhook_secret, verbose_name="webhook secret"
                    ),
                ),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("last_webhook_at", models.DateTimeField(blank=True, null=True, verbose_name="last notice")),
                ("last_answer_at", models.DateTimeField(blank=True, null=True, verbose_name="last answer")),
                ("failing_since", models.DateTimeField(blank=True, null=True, verbose_name="failing since")),
                ("last_error", models.CharField(blank=True, max_length=300, verbose_name="last error")),
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
                "verbose_name": "gateway account",
                "verbose_name_plural": "gateway accounts",
                "ordering": ["position", "created_at"],
                "abstract": False,
                "base_manager_name": "unscoped",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="BotGateway",
            fields=[
                ("id", models.UUIDField(default=bots.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created at"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                (
                    "bot",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="gateways",
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
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="bot_places",
                        to="payments.gatewayaccount",
                        verbose_name="account",
                    ),
                ),
            ],
            options={
                "verbose_name": "gateway of a bot",
                "verbose_name_plural": "gateways of bots",
                "ordering": ["position"],
                "abstract": False,
                "base_manager_name": "unscoped",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.UUIDField(default=bots.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created at"
                    ),
                ),
                ("telegram_user_id", models.BigIntegerField(verbose_name="Telegram id")),
                ("is_test", models.BooleanField(default=False, verbose_name="made in a test chat")),
                ("flow_id", models.UUIDField(blank=True, null=True, verbose_name="flow")),
                ("version_id", models.UUIDField(verbose_name="version")),
                ("run_id", models.UUIDField(db_index=True, verbose_name="run")),
                ("visit", models.PositiveIntegerField(verbose_name="visit")),
                ("step_id", models.CharField(max_length=64, verbose_name="step")),
                ("key", models.CharField(max_length=40, verbose_name="charge key")),
                ("items", models.JSONField(blank=True, default=list, verbose_name="items")),
                ("description", models.CharField(max_length=250, verbose_name="description")),
                ("amount_minor", models.BigIntegerField(verbose_name="amount in minor units")),
                (
                    "currency",
                    models.CharField(choices=[("BRL", "BRL"), ("XTR", "XTR")], max_length=3, verbose_name="currency"),
                ),
                ("owed", models.JSONField(blank=True, null=True, verbose_name="owed on payment")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "Waiting for payment"),
                            ("paid", "Paid"),
                            ("failed", "Failed"),
                            ("expired", "Expired"),
                            ("refunded", "Refunded"),
                            ("partially_refunded", "Partly refunded"),
                            ("disputed", "Disputed"),
                        ],
                        default="open",
                        max_length=20,
                        verbose_name="status",
                    ),
                ),
                ("paid_at", models.DateTimeField(blank=True, null=True, verbose_name="paid at")),
                ("paid_by_id", models.UUIDField(blank=True, null=True, verbose_name="paid by charge")),
                ("went_on_at", models.DateTimeField(blank=True, null=True, verbose_name="flow went on at")),
                ("served_at", models.DateTimeField(blank=True, null=True, verbose_name="served at")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="access sent at")),
                (
                    "send_failure",
                    models.CharField(blank=True, max_length=20, verbose_name="why the access was not sent"),
                ),
                (
                    "bot",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="bots.bot",
                        verbose_name="bot",
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
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
            ],
            options={
                "verbose_name": "sale",
                "verbose_name_plural": "sales",
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
            name="Grant",
            fields=[
                ("id", models.UUIDField(default=bots.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created at"
                    ),
                ),
                ("telegram_user_id", models.BigIntegerField(verbose_name="Telegram id")),
                ("run_id", models.UUIDField(verbose_name="run")),
                ("visit", models.PositiveIntegerField(verbose_name="visit")),
                ("step_id", models.CharField(max_length=64, verbose_name="step")),
                (
                    "kind",
                    models.CharField(
                        choices=[("content", "Content"), ("chat", "Group or channel")],
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                ("content", models.JSONField(verbose_name="content")),
                ("content_key", models.CharField(max_length=80, verbose_name="content key")),
                ("is_test", models.BooleanField(default=False, verbose_name="made in a test chat")),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                ("ends_at", models.DateTimeField(blank=True, null=True, verbose_name="until")),
                ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="taken back at")),
                (
                    "contact",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="grants",
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
                    "order",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="grants",
                        to="payments.order",
                        verbose_name="sale",
                    ),
                ),
            ],
            options={
                "verbose_name": "access",
                "verbose_name_plural": "accesses",
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
            name="ChargeRequest",
            fields=[
                ("id", models.UUIDField(default=bots.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created at"
                    ),
                ),
                ("key", models.CharField(max_length=120, unique=True, verbose_name="key")),
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
                    "order",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="requests",
                        to="payments.order",
                        verbose_name="sale",
                    ),
                ),
            ],
            options={
                "verbose_name": "charge request",
                "verbose_name_plural": "charge requests",
                "abstract": False,
                "base_manager_name": "unscoped",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                ("id", models.UUIDField(default=bots.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created at"
                    ),
                ),
                ("run_id", models.UUIDField(verbose_name="run")),
                ("flow_step_id", models.CharField(max_length=64, verbose_name="step")),
                ("visit", models.PositiveIntegerField(verbose_name="visit")),
                ("charge_key", models.CharField(max_length=40, verbose_name="charge key")),
                ("attempt", models.PositiveSmallIntegerField(default=1, verbose_name="attempt")),
                ("idempotency_key", models.CharField(max_length=64, unique=True, verbose_name="idempotency key")),
                ("revision", models.PositiveIntegerField(default=0, verbose_name="revision")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting for payment"),
                            ("paid", "Paid"),
                            ("failed", "Failed"),
                            ("expired", "Expired"),
                            ("refunded", "Refunded"),
                            ("partially_refunded", "Partly refunded"),
                            ("disputed", "Disputed"),
                        ],
                        default="pending",
                        max_length=20,
                        verbose_name="status",
                    ),
                ),
                ("late", models.BooleanField(default=False, verbose_name="late")),
                ("overpaid", models.BooleanField(default=False, verbose_name="overpaid")),
                ("creation_unknown", models.BooleanField(default=False, verbose_name="creation unknown")),
                ("superseded", models.BooleanField(default=False, verbose_name="superseded")),
                ("amount_minor", models.BigIntegerField(verbose_name="amount in minor units")),
                (
                    "currency",
                    models.CharField(choices=[("BRL", "BRL"), ("XTR", "XTR")], max_length=3, verbose_name="currency"),
                ),
                ("payer", models.JSONField(blank=True, default=dict, verbose_name="payer")),
                ("provider_id", models.CharField(blank=True, max_length=120, verbose_name="id at the gateway")),
                ("br_code", models.CharField(blank=True, max_length=512, verbose_name="PIX code")),
                ("txid", models.CharField(blank=True, db_index=True, max_length=64, verbose_name="txid")),
                (
                    "end_to_end_id",
                    models.CharField(blank=True, db_index=True, max_length=64, verbose_name="end-to-end id"),
                ),
                ("page_url", models.CharField(blank=True, max_length=500, verbose_name="page to pay")),
                ("legal_text", models.CharField(blank=True, max_length=500, verbose_name="legal text")),
                ("expires_seconds", models.PositiveIntegerField(default=1800, verbose_name="expires after seconds")),
                ("creating_until", models.DateTimeField(blank=True, null=True, verbose_name="being created until")),
                ("charged_at", models.DateTimeField(blank=True, null=True, verbose_name="charged at")),
                ("expires_at", models.DateTimeField(verbose_name="expires at")),
                ("paid_at", models.DateTimeField(blank=True, null=True, verbose_name="paid at")),
                ("next_poll_at", models.DateTimeField(blank=True, null=True, verbose_name="next question")),
                ("poll_lease_until", models.DateTimeField(blank=True, null=True, verbose_name="being asked until")),
                ("last_asked_at", models.DateTimeField(blank=True, null=True, verbose_name="last asked at")),
                ("polls", models.PositiveIntegerField(default=0, verbose_name="questions")),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="payments.gatewayaccount",
                        verbose_name="account",
                    ),
                ),
                (
                    "bot",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="bots.bot",
                        verbose_name="bot",
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="bots.contact",
                        verbose_name="contact",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="payments.order",
                        verbose_name="sale",
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
                "verbose_name": "charge",
                "verbose_name_plural": "charges",
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
            name="PaymentEvent",
            fields=[
                ("id", models.UUIDField(default=bots.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created at"
                    ),
                ),
                ("key", models.CharField(max_length=120, verbose_name="key")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("created", "Charge made"),
                            ("creation_failed", "Charge could not be made"),
                            ("adopted", "Taken over by a new visit"),
                            ("superseded", "Replaced by a new code"),
                            ("moved", "State changed"),
                            ("flagged", "Flagged"),
                            ("refused", "Notice refused"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("create", "Creation"),
                            ("webhook", "Gateway's notice"),
                            ("poll", "Our question to the gateway"),
                            ("press", "“I have paid”"),
                            ("expiry", "Expiry"),
                            ("admin", "Staff"),
                            ("operator", "Team"),
                        ],
                        max_length=16,
                        verbose_name="source",
                    ),
                ),
                (
                    "from_status",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting for payment"),
                            ("paid", "Paid"),
                            ("failed", "Failed"),
                            ("expired", "Expired"),
                            ("refunded", "Refunded"),
                            ("partially_refunded", "Partly refunded"),
                            ("disputed", "Disputed"),
                        ],
                        max_length=20,
                        verbose_name="from",
                    ),
                ),
                (
                    "to_status",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting for payment"),
                            ("paid", "Paid"),
                            ("failed", "Failed"),
                            ("expired", "Expired"),
                            ("refunded", "Refunded"),
                            ("partially_refunded", "Partly refunded"),
                            ("disputed", "Disputed"),
                        ],
                        max_length=20,
                        verbose_name="to",
                    ),
                ),
                ("late", models.BooleanField(default=False, verbose_name="late")),
                ("overpaid", models.BooleanField(default=False, verbose_name="overpaid")),
                ("alarm", models.CharField(blank=True, max_length=24, verbose_name="alarm")),
                ("amount_minor", models.BigIntegerField(default=0, verbose_name="amount in minor units")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="note")),
                ("raw", models.JSONField(blank=True, default=dict, verbose_name="as received")),
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
                    "payment",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="payments.payment",
                        verbose_name="charge",
                    ),
                ),
            ],
            options={
                "verbose_name": "charge event",
                "verbose_name_plural": "charge events",
                "ordering": ["id"],
                "abstract": False,
                "base_manager_name": "unscoped",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="SandboxCharge",
            fields=[
                ("id", models.UUIDField(default=bots.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created at"
                    ),
                ),
                ("reference", models.CharField(max_length=64, verbose_name="reference")),
                (
                    "token",
                    models.CharField(
                        default=payments.gateways.sandbox.charge.new_token,
                        editable=False,
                        max_length=32,
                        unique=True,
                        verbose_name="token",
                    ),
                ),
                ("status", models.CharField(default="pending", max_length=20, verbose_name="status")),
                ("amount_minor", models.BigIntegerField(verbose_name="amount in minor units")),
                ("received_minor", models.BigIntegerField(default=0, verbose_name="received in minor units")),
                ("refunded_minor", models.BigIntegerField(default=0, verbose_name="refunded in minor units")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("description", models.CharField(max_length=250, verbose_name="description")),
                ("br_code", models.CharField(blank=True, max_length=512, verbose_name="PIX code")),
                ("txid", models.CharField(max_length=25, verbose_name="txid")),
                ("end_to_end_id", models.CharField(blank=True, max_length=32, verbose_name="end-to-end id")),
                ("dispute_won", models.BooleanField(default=False, verbose_name="dispute won")),
                ("expires_at", models.DateTimeField(verbose_name="expires at")),
                ("paid_at", models.DateTimeField(blank=True, null=True, verbose_name="paid at")),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sandbox_charges",
                        to="payments.gatewayaccount",
                        verbose_name="account",
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
                "verbose_name": "sandbox charge",
                "verbose_name_plural": "sandbox charges",
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
            name="WebhookDelivery",
            fields=[
                ("id", models.UUIDField(default=bots.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created at"
                    ),
                ),
                ("digest", models.CharField(max_length=64, verbose_name="digest")),
                ("headers", models.JSONField(default=dict, verbose_name="headers")),
                ("query", models.CharField(blank=True, max_length=2000, verbose_name="query")),
                ("body", models.BinaryField(verbose_name="body")),
                ("verified", models.BooleanField(blank=True, null=True, verbose_name="signature right")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "Waiting"),
                            ("unmatched", "Charge unknown so far"),
                            ("done", "Done"),
                            ("forged", "Signature wrong"),
                            ("unreadable", "Unreadable"),
                            ("set_aside", "Set aside"),
                        ],
                        default="new",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                ("references", models.JSONField(blank=True, default=list, verbose_name="charges named")),
                ("payment_id", models.UUIDField(blank=True, null=True, verbose_name="charge")),
                ("error", models.CharField(blank=True, max_length=300, verbose_name="error")),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                ("next_try_at", models.DateTimeField(blank=True, null=True, verbose_name="next try")),
                ("lease_until", models.DateTimeField(blank=True, null=True, verbose_name="being handled until")),
                ("handled_at", models.DateTimeField(blank=True, null=True, verbose_name="handled at")),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="payments.gatewayaccount",
                        verbose_name="account",
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
                "verbose_name": "gateway notice",
                "verbose_name_plural": "gateway notices",
                "ordering": ["-created_at"],
                "abstract": False,
                "base_manager_name": "unscoped",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddConstraint(
            model_name="gatewayaccount",
            constraint=models.UniqueConstraint(fields=("organization", "id"), name="payments_gatewayaccount_tenant"),
        ),
        migrations.AddConstraint(
            model_name="botgateway",
            constraint=models.UniqueConstraint(fields=("organization", "id"), name="payments_botgateway_tenant"),
        ),
        migrations.AddConstraint(
            model_name="botgateway",
            constraint=bots.models.base.TenantForeignKey("bot", name="payments_botgateway_bot_tenant"),
        ),
        migrations.AddConstraint(
            model_name="botgateway",
            constraint=bots.models.base.TenantForeignKey("account", name="payments_botgateway_account_tenant"),
        ),
        migrations.AddConstraint(
            model_name="botgateway",
            constraint=models.UniqueConstraint(fields=("bot", "account"), name="botgateway_once_per_bot"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["organization", "-created_at"], name="order_newest"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["contact", "key"], name="order_by_charge_key"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("paid_at__isnull", False), ("served_at__isnull", True)),
                fields=["organization", "paid_at"],
                name="order_paid_not_served",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(fields=("organization", "id"), name="payments_order_tenant"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=bots.models.base.TenantForeignKey("bot", name="payments_order_bot_tenant"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=bots.models.base.TenantForeignKey("contact", name="payments_order_contact_tenant"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="order_amount_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["open", "paid", "failed", "expired", "refunded", "partially_refunded", "disputed"])
                ),
                name="order_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("currency__in", ["BRL", "XTR"])), name="order_currency_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("paid_at__isnull", True), ("paid_by_id__isnull", True)),
                    models.Q(("paid_at__isnull", False), ("paid_by_id__isnull", False)),
                    _connector="OR",
                ),
                name="order_paid_by_a_charge",
            ),
        ),
        migrations.AddIndex(
            model_name="grant",
            index=models.Index(fields=["organization", "telegram_user_id"], name="grant_by_user"),
        ),
        migrations.AddConstraint(
            model_name="grant",
            constraint=models.UniqueConstraint(fields=("organization", "id"), name="payments_grant_tenant"),
        ),
        migrations.AddConstraint(
            model_name="grant",
            constraint=bots.models.base.TenantForeignKey("contact", name="payments_grant_contact_tenant"),
        ),
        migrations.AddConstraint(
            model_name="grant",
            constraint=bots.models.base.TenantForeignKey("order", name="payments_grant_order_tenant"),
        ),
        migrations.AddConstraint(
            model_name="grant",
            constraint=models.UniqueConstraint(
                condition=models.Q(("order__isnull", False)),
                fields=("order", "content_key"),
                name="grant_once_per_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="grant",
            constraint=models.UniqueConstraint(
                condition=models.Q(("order__isnull", True)),
                fields=("run_id", "visit", "content_key"),
                name="grant_once_per_visit",
            ),
        ),
        migrations.AddConstraint(
            model_name="grant",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__isnull", True), ("ends_at__gt", models.F("starts_at")), _connector="OR"),
                name="grant_ends_after_it_starts",
            ),
        ),
        migrations.AddConstraint(
            model_name="chargerequest",
            constraint=models.UniqueConstraint(fields=("organization", "id"), name="payments_chargerequest_tenant"),
        ),
        migrations.AddConstraint(
            model_name="chargerequest",
            constraint=bots.models.base.TenantForeignKey("order", name="payments_chargerequest_order_tenant"),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(
                condition=models.Q(("next_poll_at__isnull", False)),
                fields=["next_poll_at"],
                name="payment_due_for_poll",
            ),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(fields=["run_id", "visit"], name="payment_by_visit"),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(fields=("organization", "id"), name="payments_payment_tenant"),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=bots.models.base.TenantForeignKey("order", name="payments_payment_order_tenant"),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=bots.models.base.TenantForeignKey("account", name="payments_payment_account_tenant"),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=bots.models.base.TenantForeignKey("bot", name="payments_payment_bot_tenant"),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=bots.models.base.TenantForeignKey("contact", name="payments_payment_contact_tenant"),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "pending"), ("superseded", False)),
                fields=("contact", "charge_key"),
                name="payment_one_open_charge",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("provider_id", ""), _negated=True),
                fields=("account", "provider_id"),
                name="payment_provider_id_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="payment_amount_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        ["pending", "paid", "failed", "expired", "refunded", "partially_refunded", "disputed"],
                    )
                ),
                name="payment_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("currency__in", ["BRL", "XTR"])), name="payment_currency_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["expired", "failed", "pending", "refunded"]),
                    ("paid_at__isnull", False),
                    _connector="OR",
                ),
                name="payment_paid_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentevent",
            constraint=models.UniqueConstraint(fields=("organization", "id"), name="payments_paymentevent_tenant"),
        ),
        migrations.AddConstraint(
            model_name="paymentevent",
            constraint=bots.models.base.TenantForeignKey("payment", name="payments_paymentevent_payment_tenant"),
        ),
        migrations.AddConstraint(
            model_name="paymentevent",
            constraint=models.UniqueConstraint(fields=("payment", "key"), name="event_once_per_payment"),
        ),
        migrations.AddConstraint(
            model_name="sandboxcharge",
            constraint=models.UniqueConstraint(fields=("organization", "id"), name="payments_sandboxcharge_tenant"),
        ),
        migrations.AddConstraint(
            model_name="sandboxcharge",
            constraint=bots.models.base.TenantForeignKey("account", name="payments_sandboxcharge_account_tenant"),
        ),
        migrations.AddConstraint(
            model_name="sandboxcharge",
            constraint=models.UniqueConstraint(fields=("account", "reference"), name="sandbox_reference_once"),
        ),
        migrations.AddConstraint(
            model_name="sandboxcharge",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="sandbox_amount_positive"
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("state__in", ["new", "unmatched"])), fields=["next_try_at"], name="delivery_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.UniqueConstraint(fields=("organization", "id"), name="payments_webhookdelivery_tenant"),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=bots.models.base.TenantForeignKey("account", name="payments_webhookdelivery_account_tenant"),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.UniqueConstraint(fields=("account", "digest"), name="delivery_once_per_account"),
        ),
        migrations.RunSQL(LEDGER_IS_APPEND_ONLY, LEDGER_IS_ORDINARY),
    ]
