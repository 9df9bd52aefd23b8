"""An access given to a Telegram user, by a sale or by a step reached without one."""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from bots.models.base import TenantModel, tenant_constraints, tenant_fk
from payments.models.enums import GrantKind, TakenFor


class Grant(TenantModel):
    """Belongs to (organization, Telegram user), so that it outlives a bot; open from `starts_at` to `ends_at`."""

    telegram_user_id = models.BigIntegerField(_("Telegram id"))
    contact = tenant_fk(
        "bots.Contact",
        on_delete=models.PROTECT,
        related_name="grants",
        verbose_name=_("contact"),
        null=True,
        blank=True,
    )
    order = tenant_fk(
        "payments.Order", on_delete=models.PROTECT, related_name="grants", verbose_name=_("sale"), null=True, blank=True
    )
    run_id = models.UUIDField(_("run"))
    visit = models.PositiveIntegerField(_("visit"))
    step_id = models.CharField(_("step"), max_length=64)
    kind = models.CharField(_("kind"), max_length=16, choices=GrantKind.choices)
    content = models.JSONField(_("content"))
    content_key = models.CharField(_("content key"), max_length=80)
    is_test = models.BooleanField(_("made in a test chat"), default=False)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("taken back at"), null=True, blank=True)
    # Due: its sale was refunded or is disputed. A sweep takes it then; nothing else writes `taken_for`.
    take_back_at = models.DateTimeField(_("to be taken back at"), null=True, blank=True)
    taken_for = models.CharField(_("taken back because"), max_length=8, choices=TakenFor.choices, blank=True)
    # The message with the way into its chat really left; or why it did not.
    link_sent_at = models.DateTimeField(_("link sent at"), null=True, blank=True)
    link_failure = models.CharField(
        _("why the link was not sent"), max_length=20, blank=True, default="", db_default=""
    )

    class Meta(TenantModel.Meta):
        verbose_name = _("access")
        verbose_name_plural = _("accesses")
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["organization", "telegram_user_id"], name="grant_by_user"),
            models.Index(
                fields=["take_back_at"],
                condition=models.Q(take_back_at__isnull=False, revoked_at__isnull=True),
                name="grant_due_to_be_taken",
            ),
        ]
        constraints = [
            *tenant_constraints("contact", "order"),
            # The same sale never gives twice; without a sale, the same visit does not.
            models.UniqueConstraint(
                fields=["order", "content_key"],
                condition=models.Q(order__isnull=False),
                name="grant_once_per_order",
            ),
            models.UniqueConstraint(
                fields=["run_id", "visit", "content_key"],
                condition=models.Q(order__isnull=True),
                name="grant_once_per_visit",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=True) | models.Q(ends_at__gt=models.F("starts_at")),
                name="grant_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.telegram_user_id}"

    def is_open(self, now: datetime) -> bool:
        return self.revoked_at is None and self.starts_at <= now and (self.ends_at is None or now < self.ends_at)
