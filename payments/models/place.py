"""A person's place in a group or channel: what accesses to it have come to."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from bots.models.base import TenantModel, tenant_constraints, tenant_fk


class Place(TenantModel):
    """One for each (chat, person) who was ever given access there. Accesses say how long; this says who is inside.

    Who has no place here is nobody of ours, and is never removed.
    """

    # The unique constraint below begins with it.
    chat = tenant_fk(
        "bots.ConnectedChat",
        on_delete=models.CASCADE,
        related_name="places",
        db_index=False,
        verbose_name=_("group or channel"),
    )
    telegram_user_id = models.BigIntegerField(_("Telegram id"))
    # Through whom the person is spoken to.
    contact = tenant_fk("bots.Contact", on_delete=models.CASCADE, related_name="places", verbose_name=_("contact"))
    entered_at = models.DateTimeField(_("entered at"), null=True, blank=True)
    left_at = models.DateTimeField(_("left at"), null=True, blank=True)
    # A link for this person alone, until somebody used it.
    link = models.CharField(_("personal link"), max_length=255, blank=True)
    # The last link: asked for, handed to the conversation, said there; or why not. `told` counts them all.
    link_asked_at = models.DateTimeField(_("link asked for at"), null=True, blank=True)
    link_told_at = models.DateTimeField(_("link told at"), null=True, blank=True)
    link_sent_at = models.DateTimeField(_("link sent at"), null=True, blank=True)
    link_failure = models.CharField(
        _("why the link was not sent"), max_length=20, blank=True, default="", db_default=""
    )
    links_told = models.PositiveIntegerField(_("links told"), default=0, db_default=0)
    links_sent = models.PositiveSmallIntegerField(_("links sent by themselves"), default=0)
    # When something is to be done next: another link, a reminder, the removal.
    due_at = models.DateTimeField(_("due at"), null=True, blank=True)
    reminded = models.PositiveSmallIntegerField(_("reminders said"), default=0)
    removals = models.PositiveSmallIntegerField(_("removals"), default=0)
    removal_asked_at = models.DateTimeField(_("removal asked for at"), null=True, blank=True)
    # Put out by us, not gone by themselves: what can be undone.
    removed_at = models.DateTimeField(_("removed at"), null=True, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("place in a group or channel")
        verbose_name_plural = _("places in groups and channels")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="place_due"),
            models.Index(fields=["chat", "link"], condition=~models.Q(link=""), name="place_by_link"),
        ]
        constraints = [
            *tenant_constraints("chat", "contact"),
            models.UniqueConstraint(fields=["chat", "telegram_user_id"], name="place_once"),
        ]

    def __str__(self) -> str:
        return f"{self.chat_id} {self.telegram_user_id}"

    @property
    def is_inside(self) -> bool:
        return self.entered_at is not None and self.left_at is None
