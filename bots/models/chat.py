"""A group or channel that a bot looks after: where it is, and what the bot may do there."""

from typing import ClassVar, Final

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from bots.models.base import TenantModel, tenant_constraints, tenant_fk

# Between one link and another: long enough to be read, short enough to be of use.
LEAST_MINUTES: Final = 5
MOST_MINUTES: Final = 1440
MOST_LINKS: Final = 5


class ChatKind(models.TextChoices):
    GROUP = "group", _("Group")
    SUPERGROUP = "supergroup", _("Supergroup")
    CHANNEL = "channel", _("Channel")


class ChatStatus(models.TextChoices):
    CONNECTED = "connected", _("Connected")
    LOST = "lost", _("Lost")


class LostReason(models.TextChoices):
    """Why the bot can do nothing there any more."""

    DEMOTED = "demoted", _("The bot is no administrator there any more")
    REMOVED = "removed", _("The bot was removed")
    GONE = "gone", _("The group or channel does not exist any more")


class ConnectedChat(TenantModel):
    """A group or channel in which the bot was made an administrator. A lost one stays: grants name it by its id, and it
    comes back when the bot does. `telegram_id` changes when a group becomes a supergroup."""

    # The unique constraint below begins with it.
    bot = tenant_fk("bots.Bot", on_delete=models.CASCADE, related_name="chats", db_index=False, verbose_name=_("bot"))
    telegram_id = models.BigIntegerField(_("Telegram id"))
    kind = models.CharField(_("kind"), max_length=10, choices=ChatKind.choices)
    title = models.CharField(_("title"), max_length=255, blank=True)
    status = models.CharField(_("status"), max_length=9, choices=ChatStatus.choices, default=ChatStatus.CONNECTED)
    lost_reason = models.CharField(_("why it was lost"), max_length=7, choices=LostReason.choices, blank=True)
    can_invite_users = models.BooleanField(_("may invite people"), default=False)
    can_restrict_members = models.BooleanField(_("may remove people"), default=False)
    checked_at = models.DateTimeField(_("checked at"), null=True, blank=True)
    # The newest word of Telegram's about the bot there: a late one changes nothing.
    heard_at = models.DateTimeField(null=True, blank=True, editable=False)
    heard_update = models.BigIntegerField(default=0, editable=False)
    allow_list = models.JSONField(_("people who are never removed"), default=list, blank=True)
    join_request_link = models.CharField(_("link that asks to join"), max_length=255, blank=True)
    # Who paid and is not inside gets another link by itself: so long after the last, and so often.
    another_link_minutes = models.PositiveSmallIntegerField(
        _("minutes until another link"),
        default=30,
        db_default=30,
        validators=[MinValueValidator(LEAST_MINUTES), MaxValueValidator(MOST_MINUTES)],
    )
    another_links = models.PositiveSmallIntegerField(
        _("other links at most"), default=2, db_default=2, validators=[MaxValueValidator(MOST_LINKS)]
    )

    class Meta(TenantModel.Meta):
        verbose_name = _("connected group or channel")
        verbose_name_plural = _("connected groups and channels")
        ordering: ClassVar[list[str]] = ["title", "id"]
        constraints = [
            *tenant_constraints("bot"),
            models.UniqueConstraint(fields=["bot", "telegram_id"], name="bots_chat_once"),
            models.CheckConstraint(condition=models.Q(kind__in=ChatKind.values), name="bots_chat_kind"),
            models.CheckConstraint(condition=models.Q(status__in=ChatStatus.values), name="bots_chat_status"),
            models.CheckConstraint(
                condition=models.Q(
                    another_link_minutes__range=(LEAST_MINUTES, MOST_MINUTES), another_links__lte=MOST_LINKS
                ),
                name="bots_chat_another_link",
            ),
        ]

    def __str__(self) -> str:
        return self.title or str(self.telegram_id)

    @property
    def lets_people_in(self) -> bool:
        """Whether the bot can give a link there and let people in."""
        return self.status == ChatStatus.CONNECTED and self.can_invite_users

    @property
    def lets_people_out(self) -> bool:
        """Whether the bot can remove people there."""
        return self.status == ChatStatus.CONNECTED and self.can_restrict_members
