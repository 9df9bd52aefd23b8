"""What a contact buys and is owed, and which requests of runs led to it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from bots.models.base import TenantModel, tenant_constraints, tenant_fk
from payments.domain.money import Currency, Money
from payments.models.enums import OrderStatus


class Order(TenantModel):
    """A sale, from the wish on. `run_id`, `visit` and `step_id` say who is told; a new visit may take them over.

    Runs are no foreign key: books outlive runs, which retention removes.
    """

    bot = tenant_fk("bots.Bot", on_delete=models.PROTECT, related_name="orders", verbose_name=_("bot"))
    contact = tenant_fk("bots.Contact", on_delete=models.PROTECT, related_name="orders", verbose_name=_("contact"))
    telegram_user_id = models.BigIntegerField(_("Telegram id"))
    is_test = models.BooleanField(_("made in a test chat"), default=False)
    flow_id = models.UUIDField(_("flow"), null=True, blank=True)
    version_id = models.UUIDField(_("version"))
    run_id = models.UUIDField(_("run"), db_index=True)
    visit = models.PositiveIntegerField(_("visit"))
    step_id = models.CharField(_("step"), max_length=64)
    key = models.CharField(_("charge key"), max_length=40)
    items = models.JSONField(_("items"), default=list, blank=True)
    description = models.CharField(_("description"), max_length=250)
    amount_minor = models.BigIntegerField(_("amount in minor units"))
    currency = models.CharField(_("currency"), max_length=3, choices=[(one.value, one.value) for one in Currency])
    # The coupon as the seller wrote it and what it took off: `amount_minor` is the sum of the items less that.
    coupon = models.CharField(_("coupon"), max_length=64, blank=True, default="", db_default="")
    discount_minor = models.BigIntegerField(_("discount in minor units"), default=0, db_default=0)
    # None: its coupon may be used without end. The place is given back when no charge of the sale can be paid any more.
    coupon_limit = models.PositiveIntegerField(_("limit of the coupon"), null=True, blank=True)
    holds_coupon = models.BooleanField(_("holds a place of the coupon"), default=False, db_default=False)
    owed = models.JSONField(_("owed on payment"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=20, choices=OrderStatus.choices, default=OrderStatus.OPEN)
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    paid_by_id = models.UUIDField(_("paid by charge"), null=True, blank=True)
    went_on_at = models.DateTimeField(_("flow went on at"), null=True, blank=True)
    served_at = models.DateTimeField(_("served at"), null=True, blank=True)
    sent_at = models.DateTimeField(_("access sent at"), null=True, blank=True)
    send_failure = models.CharField(_("why the access was not sent"), max_length=20, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("sale")
        verbose_name_plural = _("sales")
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["organization", "-created_at"], name="order_newest"),
            models.Index(fields=["contact", "key"], name="order_by_charge_key"),
            models.Index(
                fields=["organization", "paid_at"],
                condition=models.Q(paid_at__isnull=False, served_at__isnull=True),
                name="order_paid_not_served",
            ),
        ]
        constraints = [
            *tenant_constraints("bot", "contact"),
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="order_amount_positive"),
            models.CheckConstraint(condition=models.Q(discount_minor__gte=0), name="order_discount_not_negative"),
            models.CheckConstraint(condition=models.Q(status__in=OrderStatus.values), name="order_status_known"),
            models.CheckConstraint(
                condition=models.Q(currency__in=[one.value for one in Currency]), name="order_currency_known"
            ),
            models.CheckConstraint(
                condition=(
                    models.Q(paid_at__isnull=True, paid_by_id__isnull=True)
                    | models.Q(paid_at__isnull=False, paid_by_id__isnull=False)
                ),
                name="order_paid_by_a_charge",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.description} ({self.amount})"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, Currency(self.currency))

    @property
    def discount(self) -> Money:
        """What its coupon took off."""
        return Money(self.discount_minor, Currency(self.currency))


class ChargeRequest(TenantModel):
    """One wish of a run (an effect), and the sale it led to: a repeated wish finds what the first one made."""

    key = models.CharField(_("key"), max_length=120, unique=True)
    order = tenant_fk("payments.Order", on_delete=models.CASCADE, related_name="requests", verbose_name=_("sale"))

    class Meta(TenantModel.Meta):
        verbose_name = _("charge request")
        verbose_name_plural = _("charge requests")
        constraints = [
            *tenant_constraints("order"),
        ]

    def __str__(self) -> str:
        return self.key
