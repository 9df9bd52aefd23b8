"""What a seller wants done with money that is not as expected, what came, and what people are owed for it."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from bots.models.base import TenantModel, tenant_constraints, tenant_fk
from payments.domain.money import Currency, Money
from payments.domain.rules import MoneyPolicy, Rules
from payments.models.enums import MONEY_CASE_CHOICES, MONEY_POLICY_CHOICES, MatterState

DISPUTE_GRACE_HOURS = 24
LONGEST_GRACE_HOURS = 720


def _policy(label: object, default: MoneyPolicy) -> models.CharField[str, str]:
    return models.CharField(label, max_length=8, choices=MONEY_POLICY_CHOICES, default=default.value)  # type: ignore[arg-type]


class MoneyRules(TenantModel):
    """One row for the organization (`bot` empty), and one for a bot that has rules of its own. No row: the defaults."""

    bot = tenant_fk(
        "bots.Bot", on_delete=models.CASCADE, related_name="+", verbose_name=_("bot"), null=True, blank=True
    )
    late = _policy(_("late money"), MoneyPolicy.DELIVER)
    double = _policy(_("paid twice"), MoneyPolicy.ASK_ME)
    smaller = _policy(_("paid less"), MoneyPolicy.ASK_ME)
    larger = _policy(_("paid more"), MoneyPolicy.DELIVER)
    refund_grace_hours = models.PositiveSmallIntegerField(
        _("hours of access after a refund"), default=0, validators=[MaxValueValidator(LONGEST_GRACE_HOURS)]
    )
    dispute_grace_hours = models.PositiveSmallIntegerField(
        _("hours of access after a dispute"),
        default=DISPUTE_GRACE_HOURS,
        validators=[MaxValueValidator(LONGEST_GRACE_HOURS)],
    )

    class Meta(TenantModel.Meta):
        verbose_name = _("rules for unusual payments")
        verbose_name_plural = _("rules for unusual payments")
        constraints = [
            *tenant_constraints("bot"),
            models.UniqueConstraint(fields=["bot"], name="moneyrules_once_per_bot"),
            models.UniqueConstraint(
                fields=["organization"], condition=models.Q(bot__isnull=True), name="moneyrules_once_per_organization"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.late} {self.double} {self.smaller} {self.larger}"

    @property
    def rules(self) -> Rules:
        return Rules(*map(MoneyPolicy, (self.late, self.double, self.smaller, self.larger)))


class MoneyMatter(TenantModel):
    """Money that came late, twice, too small or too large: the rule that was in force, and what became of it. While it
    waits, a member decides; once."""

    payment = tenant_fk("payments.Payment", on_delete=models.PROTECT, related_name="matters", verbose_name=_("charge"))
    case = models.CharField(_("what happened"), max_length=8, choices=MONEY_CASE_CHOICES)
    policy = models.CharField(_("rule"), max_length=8, choices=MONEY_POLICY_CHOICES)
    state = models.CharField(_("state"), max_length=9, choices=MatterState.choices)
    amount_minor = models.BigIntegerField(_("amount in minor units"))
    currency = models.CharField(_("currency"), max_length=3, choices=[(one.value, one.value) for one in Currency])
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("unusual payment")
        verbose_name_plural = _("unusual payments")
        ordering = ["-created_at"]
        indexes = [
            models.Index(
                fields=["organization"], condition=models.Q(state=MatterState.WAITING), name="moneymatter_waiting"
            )
        ]
        constraints = [
            *tenant_constraints("payment"),
            models.UniqueConstraint(fields=["payment", "case"], name="moneymatter_once"),
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="moneymatter_amount_positive"),
            models.CheckConstraint(condition=models.Q(state__in=MatterState.values), name="moneymatter_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.case} {self.amount} {self.state}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, Currency(self.currency))


class CreditEntry(TenantModel):
    """A line of what the organization owes a person: more where money was kept as credit, less where it was used. The
    balance is the sum; nothing spends it by itself, the team does."""

    telegram_user_id = models.BigIntegerField(_("Telegram id"))
    matter = tenant_fk(
        "payments.MoneyMatter",
        on_delete=models.PROTECT,
        related_name="credits",
        verbose_name=_("unusual payment"),
        null=True,
        blank=True,
    )
    amount_minor = models.BigIntegerField(_("amount in minor units"))
    currency = models.CharField(_("currency"), max_length=3, choices=[(one.value, one.value) for one in Currency])
    note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("credit")
        verbose_name_plural = _("credits")
        ordering = ["-id"]
        indexes = [models.Index(fields=["organization", "telegram_user_id"], name="credit_by_user")]
        constraints = [
            *tenant_constraints("matter"),
            models.UniqueConstraint(
                fields=["matter"], condition=models.Q(matter__isnull=False), name="credit_once_per_matter"
            ),
            models.CheckConstraint(condition=~models.Q(amount_minor=0), name="credit_not_nothing"),
        ]

    def __str__(self) -> str:
        return f"{self.telegram_user_id} {self.amount_minor} {self.currency}"
