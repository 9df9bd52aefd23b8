"""Two organizations that must not see each other."""

from dataclasses import dataclass

from bots.models import Bot, Contact, Organization, User
from tests.factories.bots import BotFactory, ContactFactory, MembershipFactory


@dataclass(frozen=True, slots=True)
class Tenant:
    """An organization with its owner, a bot and a contact."""

    organization: Organization
    owner: User
    bot: Bot
    contact: Contact


def make_tenant() -> Tenant:
    """A new organization with one of everything the kernel knows."""
    membership = MembershipFactory()
    bot = BotFactory(organization=membership.organization)
    return Tenant(membership.organization, membership.user, bot, ContactFactory(bot=bot))
