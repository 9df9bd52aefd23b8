"""Two organizations that must not see each other."""

from dataclasses import dataclass

from bots.models import Bot, Contact, Organization, User
from tests.factories.bots import make_bot, make_contact, make_membership


@dataclass(frozen=True, slots=True)
class Tenant:
    """An organization with its owner, a bot and a contact."""

    organization: Organization
    owner: User
    bot: Bot
    contact: Contact


def make_tenant() -> Tenant:
    """A new organization with one of everything the kernel knows."""
    membership = make_membership()
    bot = make_bot(organization=membership.organization)
    return Tenant(membership.organization, membership.user, bot, make_contact(bot=bot))
