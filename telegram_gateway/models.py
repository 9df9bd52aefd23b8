"""Updates that move no conversation (payments' questions, memberships, groups, what nobody can read), and the ids under
which Telegram keeps files of ours."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from bots.models import Bot
from bots.models.base import TenantModel, tenant_constraints, tenant_fk


class UpdateState(models.TextChoices):
    NEW = "new", _("Waiting")
    DONE = "done", _("Handled")
    KEPT = "kept", _("Kept")
    IGNORED = "ignored", _("Ignored")
    SET_ASIDE = "set_aside", _("Set aside")


class TelegramUpdate(TenantModel):
    """One update as it came, byte for byte. One that names no update id is called by its SHA-256."""

    # The unique constraint below begins with it; a second index would only cost.
    bot = tenant_fk(Bot, on_delete=models.CASCADE, related_name="+", db_index=False, verbose_name=_("bot"))
    external_id = models.CharField(_("update"), max_length=80)
    kind = models.CharField(_("kind"), max_length=32)
    telegram_user_id = models.BigIntegerField(_("Telegram user"), null=True, blank=True)
    body = models.BinaryField(_("body"), editable=False)
    state = models.CharField(_("state"), max_length=10, choices=UpdateState.choices, default=UpdateState.NEW)
    attempts = models.SmallIntegerField(_("attempts"), default=0)
    error = models.TextField(_("error"), blank=True, default="")
    handled_at = models.DateTimeField(_("handled at"), null=True, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("Telegram update")
        verbose_name_plural = _("Telegram updates")
        ordering: ClassVar[list[str]] = ["-id"]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(state=UpdateState.NEW), name="telegram_update_new"),
        ]
        constraints = [
            *tenant_constraints("bot"),
            models.UniqueConstraint(fields=["bot", "external_id"], name="telegram_update_once"),
            models.CheckConstraint(condition=models.Q(state__in=UpdateState.values), name="telegram_update_state"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id}"


class TelegramFile(TenantModel):
    """The id by which one bot may send an uploaded file again (Bot API, "Sending files": no bot may use another's).

    `sent_as` is what Telegram made of it: a film without sound sent as a video becomes an animation, and its id is good
    for nothing else.
    """

    bot = tenant_fk(Bot, on_delete=models.CASCADE, related_name="+", db_index=False, verbose_name=_("bot"))
    # Another bot behind the same row, after a new token, knows none of these.
    telegram_bot_id = models.BigIntegerField(_("Telegram id of the bot"))
    asset = tenant_fk("flows.Asset", on_delete=models.CASCADE, related_name="+", verbose_name=_("media file"))
    kind = models.CharField(_("kind"), max_length=9)
    sent_as = models.CharField(_("sent as"), max_length=9)
    file_id = models.TextField(_("file id"))
    file_unique_id = models.CharField(_("unique file id"), max_length=64)
    updated_at = models.DateTimeField(_("updated at"), db_default=Now(), editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("file known to Telegram")
        verbose_name_plural = _("files known to Telegram")
        ordering: ClassVar[list[str]] = ["-id"]
        constraints = [
            *tenant_constraints("bot", "asset"),
            models.UniqueConstraint(fields=["bot", "telegram_bot_id", "asset", "kind"], name="telegram_file_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.file_unique_id}"
