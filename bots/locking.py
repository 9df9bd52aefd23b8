"""The kernel's row locks, by name. Order everywhere: organization → flow → conversation → order → payment; a bot comes
with its organization, before any flow."""

import uuid

from django.utils.translation import gettext_lazy as _

from bots.errors import NotFound
from bots.models import Bot, Membership, Organization


def lock_organization(organization_id: uuid.UUID) -> Organization:
    """The organization, held until the transaction ends; raises NotFound."""
    locked = Organization.objects.select_for_update(no_key=True, of=("self",)).filter(pk=organization_id).first()
    if locked is None:
        raise NotFound("organization_not_found", _("There is no such organization."))
    return locked


def lock_bot(bot_id: uuid.UUID) -> Bot:
    """A bot of the active scope, held until the transaction ends; raises NotFound."""
    locked = Bot.objects.select_for_update(no_key=True, of=("self",)).filter(pk=bot_id).first()
    if locked is None:
        raise NotFound("bot_not_found", _("There is no such bot."))
    return locked


def lock_memberships() -> list[Membership]:
    """Every membership of the active organization, in the order of their keys: who may be its last owner is asked of
    all of them at once."""
    return list(Membership.objects.select_for_update(no_key=True, of=("self",)).order_by("pk"))
