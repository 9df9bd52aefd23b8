"""The kernel's rows."""

from typing import Any

import factory
from django.db.models import Manager, Model
from factory.django import DjangoModelFactory

from bots.models import Bot, Contact, Delivery, Membership, Organization, Role, User
from bots.tenancy import no_scope

PASSWORD = "correct horse battery staple"


class UserFactory(DjangoModelFactory[User]):
    """A person who signs in with PASSWORD."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda number: f"person{number}@example.com")
    name = "Ana Souza"
    password = factory.django.Password(PASSWORD)


class OrganizationFactory(DjangoModelFactory[Organization]):
    """A customer."""

    class Meta:
        model = Organization

    name = factory.Sequence(lambda number: f"Loja {number}")
    slug = factory.Sequence(lambda number: f"loja-{number}")


class TenantFactory(DjangoModelFactory[Any]):
    """Rows made for any organization, whatever scope the test is in."""

    class Meta:
        abstract = True

    @classmethod
    def _create(cls, model_class: type[Model], *args: Any, **kwargs: Any) -> Model:
        with no_scope(reason="a test's rows"):
            row: Model = super()._create(model_class, *args, **kwargs)
        return row

    @classmethod
    def _get_manager(cls, model_class: type[Model]) -> Manager[Any]:
        manager: Manager[Any] = model_class.unscoped  # type: ignore[attr-defined]
        return manager


class MembershipFactory(TenantFactory):
    """An owner's place."""

    class Meta:
        model = Membership

    organization = factory.SubFactory(OrganizationFactory)
    user = factory.SubFactory(UserFactory)
    role = Role.OWNER


class BotFactory(TenantFactory):
    """A bot that lives in test chats; give it a token and a delivery to connect it."""

    class Meta:
        model = Bot

    organization = factory.SubFactory(OrganizationFactory)
    name = "Loja da Ana"
    username = factory.Sequence(lambda number: f"loja{number}_bot")
    delivery = Delivery.SIMULATOR


class ContactFactory(TenantFactory):
    """Somebody who wrote to a bot."""

    class Meta:
        model = Contact

    bot = factory.SubFactory(BotFactory)
    organization = factory.SelfAttribute("bot.organization")
    telegram_user_id = factory.Sequence(lambda number: 7_000_000 + number)
    first_name = "Bia"


def make_user(**fields: Any) -> User:
    user: User = UserFactory.create(**fields)
    return user


def make_organization(**fields: Any) -> Organization:
    organization: Organization = OrganizationFactory.create(**fields)
    return organization


def make_membership(**fields: Any) -> Membership:
    membership: Membership = MembershipFactory.create(**fields)
    return membership


def make_bot(**fields: Any) -> Bot:
    bot: Bot = BotFactory.create(**fields)
    return bot


def make_contact(**fields: Any) -> Contact:
    contact: Contact = ContactFactory.create(**fields)
    return contact
