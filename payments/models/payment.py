"""One charge at one gateway for an order, and its append-only ledger."""

from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from bots.models.base import TenantModel, tenant_constraints, tenant_fk
from payments.domain.events import EventKind, EventSource, LedgerLine
from payments.domain.money import Currency, Money
from payments.domain.states import UNPAID, PaymentStatus
from payments.models.enums import EVENT_KIND_CHOICES, EVENT_SOURCE_CHOICES, PAYMENT_STATUS_CHOICES

OPEN_CHARGE_CONSTRAINT = "payment_one_open_charge"


class Payment(TenantModel):
    """A charge. Written only by `payments.services`, its status only by `services.transitions.apply_notice`.

    Empty `provider_id`: the gateway has not answered yet. `superseded`: another charge took its place, or its order was
    paid by another; it stays watched until final. `revision` counts its moves.
    """

    order = tenant_fk("payments.Order", on_delete=models.PROTECT, related_name="payments", verbose_name=_("sale"))
    account = tenant_fk(
        "payments.GatewayAccount", on_delete=models.PROTECT, related_name="payments", verbose_name=_("account")
    )
    bot = tenant_fk("bots.Bot", on_delete=models.PROTECT, related_name="payments", verbose_name=_("bot"))
    contact = tenant_fk("bots.Contact", on_delete=models.PROTECT, related_name="payments", verbose_name=_("contact"))
    run_id = models.UUIDField(_("run"))
    flow_step_id = models.CharField(_("step"), max_length=64)
    visit = models.PositiveIntegerField(_("visit"))
    charge_key = models.CharField(_("charge key"), max_length=40)
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=1)
    idempotency_key = models.CharField(_("idempotency key"), max_length=64, unique=True)
    revision = models.PositiveIntegerField(_("revision"), default=0)

    status = models.CharField(
        _("status"), max_length=20, choices=PAYMENT_STATUS_CHOICES, default=PaymentStatus.PENDING.value
    )
    late = models.BooleanField(_("late"), default=False)
    overpaid = models.BooleanField(_("overpaid"), default=False)
    creation_unknown = models.BooleanField(_("creation unknown"), default=False)
    superseded = models.BooleanField(_("superseded"), default=False)

    amount_minor = models.BigIntegerField(_("amount in minor units"))
    currency = models.CharField(_("currency"), max_length=3, choices=[(one.value, one.value) for one in Currency])
    refunded_minor = models.BigIntegerField(_("given back in minor units"), default=0)
    fee_minor = models.BigIntegerField(_("gateway's fee in minor units"), null=True, blank=True)
    payer = models.JSONField(_("payer"), default=dict, blank=True)

    provider_id = models.CharField(_("id at the gateway"), max_length=120, blank=True)
    br_code = models.CharField(_("PIX code"), max_length=512, blank=True)
    txid = models.CharField(_("txid"), max_length=64, blank=True, db_index=True)
    # The bank's, or the payment's id at Telegram, which is longer.
    end_to_end_id = models.CharField(_("end-to-end id"), max_length=255, blank=True, db_index=True)
    page_url = models.CharField(_("page to pay"), max_length=500, blank=True)
    legal_text = models.CharField(_("legal text"), max_length=500, blank=True)
    expires_seconds = models.PositiveIntegerField(_("expires after seconds"), default=1800)

    creating_until = models.DateTimeField(_("being created until"), null=True, blank=True)
    charged_at = models.DateTimeField(_("charged at"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires at"))
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    # Of the newest dispute; where the gateway tells.
    dispute_until = models.DateTimeField(_("dispute to be answered by"), null=True, blank=True)
    next_poll_at = models.DateTimeField(_("next question"), null=True, blank=True)
    poll_lease_until = models.DateTimeField(_("being asked until"), null=True, blank=True)
    last_asked_at = models.DateTimeField(_("last asked at"), null=True, blank=True)
    polls = models.PositiveIntegerField(_("questions"), default=0)

    class Meta(TenantModel.Meta):
        verbose_name = _("charge")
        verbose_name_plural = _("charges")
        ordering = ["-created_at"]
        indexes = [
            models.Index(
                fields=["next_poll_at"], condition=models.Q(next_poll_at__isnull=False), name="payment_due_for_poll"
            ),
            models.Index(fields=["run_id", "visit"], name="payment_by_visit"),
            # What people search by, as they search: in either case.
            models.Index(Upper("txid"), name="payment_by_txid"),
            models.Index(Upper("end_to_end_id"), name="payment_by_end_to_end_id"),
            models.Index(fields=["provider_id"], name="payment_by_provider_id"),
        ]
        constraints = [
            *tenant_constraints("order", "account", "bot", "contact"),
            # A new visit with the same key adopts the open charge; two visits at once cannot make two.
            models.UniqueConstraint(
                fields=["contact", "charge_key"],
                condition=models.Q(status=PaymentStatus.PENDING.value, superseded=False),
                name=OPEN_CHARGE_CONSTRAINT,
            ),
            models.UniqueConstraint(
                fields=["account", "provider_id"], condition=~models.Q(provider_id=""), name="payment_provider_id_once"
            ),
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="payment_amount_positive"),
            models.CheckConstraint(
                condition=models.Q(status__in=[status.value for status in PaymentStatus]), name="payment_status_known"
            ),
            models.CheckConstraint(
                condition=models.Q(currency__in=[one.value for one in Currency]), name="payment_currency_known"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    status__in=sorted([*(status.value for status in UNPAID), PaymentStatus.REFUNDED.value])
                )
                | models.Q(paid_at__isnull=False),
                name="payment_paid_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.status}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, Currency(self.currency))

    @property
    def state(self) -> PaymentStatus:
        return PaymentStatus(self.status)


class PaymentEvent(TenantModel):
    """A line of the ledger. The database refuses to change or delete one."""

    payment = tenant_fk("payments.Payment", on_delete=models.PROTECT, related_name="events", verbose_name=_("charge"))
    key = models.CharField(_("key"), max_length=120)
    kind = models.CharField(_("kind"), max_length=20, choices=EVENT_KIND_CHOICES)
    source = models.CharField(_("source"), max_length=16, choices=EVENT_SOURCE_CHOICES)
    from_status = models.CharField(_("from"), max_length=20, choices=PAYMENT_STATUS_CHOICES)
    to_status = models.CharField(_("to"), max_length=20, choices=PAYMENT_STATUS_CHOICES)
    late = models.BooleanField(_("late"), default=False)
    overpaid = models.BooleanField(_("overpaid"), default=False)
    alarm = models.CharField(_("alarm"), max_length=24, blank=True)
    amount_minor = models.BigIntegerField(_("amount in minor units"), default=0)
    currency = models.CharField(_("currency"), max_length=3)
    note = models.CharField(_("note"), max_length=300, blank=True)
    raw = models.JSONField(_("as received"), default=dict, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("charge event")
        verbose_name_plural = _("charge events")
        ordering = ["id"]
        constraints = [
            *tenant_constraints("payment"),
            models.UniqueConstraint(fields=["payment", "key"], name="event_once_per_payment"),
        ]

    def __str__(self) -> str:
        return f"{self.from_status} → {self.to_status}"

    @property
    def line(self) -> LedgerLine:
        """The event as the fold reads it."""
        return LedgerLine(
            kind=EventKind(self.kind),
            from_status=PaymentStatus(self.from_status),
            to_status=PaymentStatus(self.to_status),
            amount_minor=self.amount_minor,
            late=self.late,
            overpaid=self.overpaid,
        )

    @property
    def told_by(self) -> EventSource:
        return EventSource(self.source)
