"""Who of the team is told of what, and by which way."""

import hashlib
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from bots.models.base import TenantModel, tenant_constraints, tenant_fk
from bots.models.bot import Bot
from bots.models.organization import Membership


class NoticeKind(models.TextChoices):
    """What the team can be told of, the most urgent first."""

    NOT_SERVED = "not_served", _("Somebody paid and is not inside")
    DISPUTE = "dispute", _("A buyer disputes a payment")
    PAYMENT_ALARM = "payment_alarm", _("Something is odd about a payment")
    GATEWAY_DOWN = "gateway_down", _("A gateway does not answer")
    GATEWAY_SILENT = "gateway_silent", _("A gateway's notices hardly arrive")
    BOOKS_DIFFER = "books_differ", _("Our books and a gateway's differ")
    BOT_REVOKED = "bot_revoked", _("A bot's token was revoked")
    BOT_RIGHTS = "bot_rights", _("A bot lost its rights in a group or channel")
    EVENT_SET_ASIDE = "event_set_aside", _("A message could not be handled and was set aside")
    RUN_WAITS = "run_waits", _("A conversation waits for the team")
    SALE_PAID = "sale_paid", _("A sale was paid")


class NoticeChoice(TenantModel):
    """One member's word on one kind. Without a row their role decides (`bots.services.notices.usual`)."""

    membership = tenant_fk(
        Membership, on_delete=models.CASCADE, related_name="+", db_index=False, verbose_name=_("member")
    )
    kind = models.CharField(_("about"), max_length=20, choices=NoticeKind.choices)
    by_email = models.BooleanField(_("by e-mail"), default=False)
    by_telegram = models.BooleanField(_("by Telegram"), default=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("choice of notices")
        verbose_name_plural = _("choices of notices")
        constraints = [
            *tenant_constraints("membership"),
            models.UniqueConstraint(fields=["membership", "kind"], name="bots_noticechoice_once"),
            models.CheckConstraint(condition=models.Q(kind__in=NoticeKind.values), name="bots_noticechoice_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.membership_id}"


class NoticeLink(TenantModel):
    """The member's own chat with one of the organization's bots, where notices are sent.

    Linked by sending the bot a code that only their page showed; of the code its hash is kept, until it is used.
    """

    membership = tenant_fk(
        Membership, on_delete=models.CASCADE, related_name="+", db_index=False, verbose_name=_("member")
    )
    bot = tenant_fk(Bot, on_delete=models.CASCADE, related_name="+", verbose_name=_("bot"))
    code_hash = models.CharField(max_length=64, null=True, blank=True, unique=True, editable=False)
    code_until = models.DateTimeField(_("code good until"), null=True, blank=True, editable=False)
    telegram_user_id = models.BigIntegerField(_("Telegram user"), null=True, blank=True)
    linked_at = models.DateTimeField(_("linked at"), null=True, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("Telegram of a member")
        verbose_name_plural = _("Telegrams of members")
        constraints = [
            *tenant_constraints("membership", "bot"),
            models.UniqueConstraint(fields=["membership"], name="bots_noticelink_once"),
            models.CheckConstraint(
                condition=models.Q(telegram_user_id__isnull=True, linked_at__isnull=True)
                | models.Q(telegram_user_id__isnull=False, linked_at__isnull=False),
                name="bots_noticelink_linked",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.membership_id} {self.telegram_user_id or '…'}"

    def takes(self, now: datetime) -> bool:
        """Whether its code can still be used."""
        return self.code_hash is not None and self.code_until is not None and now < self.code_until


def hash_of_code(code: str) -> str:
    """What is kept of a code."""
    return hashlib.sha256(code.encode()).hexdigest()
