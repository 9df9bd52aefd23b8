"""An organization with one of everything that a page can show, and people with different rights in it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

from django.test import Client
from django.utils import timezone

from bots.ids import uuid7
from bots.models import ApiKey, ConnectedChat, Organization, Role, User
from bots.permissions import ApiScope
from bots.services import create_api_key
from bots.tenancy import organization_scope
from flows.models import (
    Asset,
    Conversation,
    ConversationTest,
    Flow,
    FlowVersion,
    InboxEvent,
    InboxSource,
    InboxState,
    Run,
)
from flows.runtime.shards import shard_of
from flows.services.conversation_tests import create_test
from flows.services.test_chats import open_test_chat
from payments.models import Grant, MatterState, MoneyMatter, Place, Refund, RefundState
from payments.services.grant_acts import give_by_hand
from tests.factories.assets import make_asset
from tests.factories.bots import make_membership
from tests.factories.flows import Person, drain, publish
from tests.factories.payments import Sale, Shop, charge, make_shop
from tests.support.conversation_tests import PAYS
from tests.support.flows import sales_flow


@dataclass(frozen=True)
class World:
    """One organization, its people, and the rows whose ids stand in addresses."""

    shop: Shop
    owner: User
    viewer: User
    flow: Flow
    version: FlowVersion
    run: Run
    sale: Sale
    test_chat: Conversation
    test_sale: Sale
    key: ApiKey
    asset: Asset
    saved_test: ConversationTest
    standing: InboxEvent
    matter: MoneyMatter
    refund: Refund
    grant: Grant
    place: Place

    @property
    def organization(self) -> Organization:
        return self.shop.organization

    def ids(self) -> Mapping[str, Any]:
        """A value for every name that an address may hold."""
        return {
            "bot_id": self.shop.bot.pk,
            "account_id": self.shop.account.pk,
            "code": "privacy",
            "flow_id": self.flow.pk,
            "number": self.version.number,
            "run_id": self.run.pk,
            "order_id": self.sale.order_id,
            "payment_id": self.test_sale.payment.pk,
            "key_id": self.key.pk,
            "item_id": self.standing.pk,
            "asset_id": self.asset.pk,
            "test_id": self.saved_test.pk,
            "matter_id": self.matter.pk,
            "refund_id": self.refund.pk,
            "grant_id": self.grant.pk,
            "chat_id": self.place.chat_id,
            "place_id": self.place.pk,
        }


def make_world(name: str = "Loja") -> World:
    """Everything, made by the services that make it in life."""
    shop = make_shop(name)
    owner = make_membership(organization=shop.organization).user
    viewer = make_membership(organization=shop.organization, role=Role.VIEWER).user
    version = publish(shop.bot, sales_flow())
    assert version.flow_id is not None
    person = Person(shop.bot)
    person.start()
    drain()
    with organization_scope(shop.organization.pk):
        chat = open_test_chat(version.flow_id, user=owner).conversation
        saved = create_test(version.flow_id, document=PAYS, created_by=owner)
        made = create_api_key(organization=shop.organization, name="site", scopes=[ApiScope.FLOWS_READ], actor=owner)
    drain()
    # The first of the organization's charges is one that lists show.
    sale = charge(shop, run_id=person.top.pk)
    test_sale = charge(replace(shop, contact=chat.contact))
    return World(
        shop=shop,
        owner=owner,
        viewer=viewer,
        flow=Flow.unscoped.get(pk=version.flow_id),
        version=version,
        run=person.top,
        sale=sale,
        test_chat=chat,
        test_sale=test_sale,
        key=made.key,
        saved_test=saved,
        asset=make_asset(shop.organization),
        standing=an_event_set_aside(person),
        matter=a_decision_that_waits(test_sale),
        refund=a_refund_by_hand(test_sale),
        grant=an_access_by_hand(shop, owner),
        place=a_place_by_hand(shop, owner),
    )


def a_decision_that_waits(sale: Sale) -> MoneyMatter:
    """Money that came twice."""
    return MoneyMatter.unscoped.create(
        organization=sale.shop.organization,
        payment=sale.payment,
        case="double",
        policy="ask_me",
        state=MatterState.WAITING,
        amount_minor=2990,
        currency="BRL",
    )


def an_access_by_hand(shop: Shop, owner: User) -> Grant:
    """Something the team gave somebody."""
    return give_by_hand(
        shop.contact.pk,
        organization_id=shop.organization.pk,
        content={"text": "Presente"},
        days=30,
        reason="a gift",
        tell=False,
        actor=owner,
    )


def a_place_by_hand(shop: Shop, owner: User) -> Place:
    """A place in a channel for somebody who is not inside, and another who will be put out."""
    chat = ConnectedChat.unscoped.create(
        organization=shop.organization,
        bot=shop.bot,
        telegram_id=-1_077,
        kind="channel",
        title="Canal VIP",
        can_invite_users=True,
        can_restrict_members=True,
    )
    give_by_hand(
        shop.contact.pk,
        organization_id=shop.organization.pk,
        content={"chat": str(chat.pk), "mode": "join_request"},
        days=3,
        reason="a prize",
        tell=False,
        actor=owner,
    )
    return Place.unscoped.get(chat=chat)


def a_refund_by_hand(sale: Sale) -> Refund:
    """Money that the seller is to send back."""
    return Refund.unscoped.create(
        organization=sale.shop.organization,
        payment=sale.payment,
        amount_minor=990,
        total_minor=990,
        currency="BRL",
        state=RefundState.BY_HAND,
        asked_by="user",
    )


def an_event_set_aside(person: Person) -> InboxEvent:
    """Something that came from them and was given up on."""
    event = InboxEvent(
        organization_id=person.bot.organization_id,
        bot_id=person.bot.pk,
        telegram_user_id=person.telegram_user_id,
        shard=shard_of(person.bot.pk, person.telegram_user_id),
        source=InboxSource.TELEGRAM,
        external_id=uuid4().hex,
        payload=b"{}",
        state=InboxState.SET_ASIDE,
        error="ValueError: made for a test",
        handled_at=timezone.now(),
    )
    event.save(force_insert=True)
    return event


def signed_in(user: User) -> Client:
    """A browser in which this person has signed in."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def nobodys_ids(ids: Mapping[str, Any]) -> dict[str, Any]:
    """The same names, with ids that nobody has."""
    return {name: uuid7() if isinstance(value, UUID) else 99 for name, value in ids.items()}
