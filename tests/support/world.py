"""The whole product in one process, for what must be exact: the real webhook, drain, relay, gateway and Bot API client,
each moved on by hand until nothing is left to do."""

from functools import partial
from typing import Any

from django.utils import timezone

from bots.models import Bot, Organization, User
from bots.outbox.models import UNFINISHED, OutboxMessage, Queue
from bots.outbox.relay import run_until_empty
from bots.services import Actor, connect_bot, create_organization
from bots.tenancy import organization_scope
from flows.models import Conversation, Flow, FlowVersion, InboxEvent, InboxState, Run
from flows.runtime.runner import drain_all
from flows.runtime.timers import fire_due_timers
from flows.services.bot_settings import BotChanges, change_bot
from flows.services.definitions import create_flow
from flows.services.publishing import publish_version
from payments.models import Order, Payment
from payments.services import ensure_sandbox_account, poll_due, process_deliveries
from payments.services.sandbox import Act, act
from telegram_gateway.checkouts import process_checkouts
from telegram_gateway.services import process_updates
from tests.support.fake_telegram import Chat, FakeTelegram, to_webhook
from tests.support.flows import sales_flow

TOKEN = "7000002:AAH-only-for-tests-only-for-tests-only-2"
MOST_ROUNDS = 50


class World:
    """A shop with one bot and its flow. `settle()` after each thing a person does."""

    def __init__(self, telegram: FakeTelegram, definition: dict[str, Any] | None = None) -> None:
        self.telegram = telegram
        owner = User.objects.create_user("dona@example.com", "only-for-tests")
        self.organization: Organization = create_organization(name="Loja", owner=owner)
        ensure_sandbox_account(self.organization)
        self.bot: Bot = connect_bot(organization=self.organization, token=TOKEN, actor=Actor.of_user(owner))
        self.flow: Flow = self.publish(definition or sales_flow())
        self.change(active_flow=self.flow.pk, flow_enabled=True)

    def publish(self, definition: dict[str, Any], name: str = "Venda") -> Flow:
        """A new published flow, not active."""
        with organization_scope(self.organization.pk):
            flow = create_flow(bot_id=self.bot.pk, name=name, definition=definition).flow
            publish_version(flow.pk)
        return flow

    def change(self, **changes: Any) -> None:
        """Change the bot as its owner does."""
        with organization_scope(self.organization.pk):
            change_bot(self.bot.pk, BotChanges(**changes))

    def person(self, user_id: int) -> Chat:
        """Somebody who writes to the bot."""
        return Chat(self.telegram, TOKEN, user_id, to_webhook(self.telegram, TOKEN))

    def settle(self) -> None:
        """Move everything on until nothing is due any more."""
        for _ in range(MOST_ROUNDS):
            fire_due_timers()
            drain_all()
            for queue in Queue:
                run_until_empty(queue)
            process_updates()
            process_checkouts()
            process_deliveries()
            poll_due()
            waiting = InboxEvent.unscoped.filter(state=InboxState.NEW).exists()
            leaving = OutboxMessage.unscoped.filter(state__in=UNFINISHED, due_at__lte=timezone.now()).exists()
            if not waiting and not leaving:
                return
        raise AssertionError("the product never came to rest")

    def say(self, chat: Chat, text: str) -> list[str]:
        """The person writes; what they get for it."""
        return self._after(chat, lambda: chat.say(text))

    def press(self, chat: Chat, text: str) -> list[str]:
        """The person presses a button of the last message that has it; what they get for it."""
        for message in reversed(self.telegram.sent_to(chat.user_id, token=TOKEN)):
            if any(button["text"] == text for button in message.buttons):
                return self._after(chat, partial(chat.press, text, on=message))
        raise AssertionError(f"no message has a button {text!r}")

    def pay(self, chat: Chat, what: Act = Act.PAY, *, notify: bool = True) -> list[str]:
        """The person pays the newest charge at the sandbox; what they get for it."""
        token = self.charge_of(chat).page_url.rstrip("/").rpartition("/")[2]
        return self._after(chat, lambda: act(token, what, notify=notify))

    def to_the_charge(self, chat: Chat) -> list[str]:
        """From hello to the PIX code."""
        self.say(chat, "/start")
        self.press(chat, "Quero entrar")
        return self.say(chat, "ana@example.com")

    def charge_of(self, chat: Chat) -> Payment:
        """The newest charge of a person."""
        return Payment.unscoped.filter(contact__telegram_user_id=chat.user_id).latest("id")

    def orders_of(self, chat: Chat) -> list[Order]:
        """The sales of a person, oldest first."""
        return list(Order.unscoped.filter(telegram_user_id=chat.user_id).order_by("id"))

    def runs_of(self, chat: Chat) -> list[Run]:
        """The runs of a person, oldest first."""
        return list(Run.unscoped.filter(contact__telegram_user_id=chat.user_id).order_by("id"))

    def conversation_of(self, chat: Chat) -> Conversation:
        """All that a person and the bot said."""
        return Conversation.unscoped.get(bot=self.bot, telegram_user_id=chat.user_id)

    def version(self) -> FlowVersion:
        """The newest version of the flow."""
        return FlowVersion.unscoped.filter(flow=self.flow).latest("number")

    def _after(self, chat: Chat, what: Any) -> list[str]:
        before = len(self.telegram.sent_to(chat.user_id, token=TOKEN))
        what()
        self.settle()
        return [call.text for call in self.telegram.sent_to(chat.user_id, token=TOKEN)[before:]]
