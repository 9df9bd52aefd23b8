"""A bot with a flow, the people who talk to it, and what they got."""

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from bots.models import Bot, Contact, Organization
from bots.outbox.models import OutboxMessage
from bots.tenancy import no_scope, organization_scope
from flows.engine.codec import load_effect
from flows.engine.compile import VersionKind
from flows.engine.effects import AnswerPress, Effect, OutButton, OutMessage, Say
from flows.engine.events import ButtonRef, Event, OperatorResumed, Start
from flows.models import Conversation, Flow, FlowVersion, InboxEvent, InboxSource, Message, Run, TimelineEntry, Timer
from flows.runtime.content import content_hash
from flows.runtime.runner import DrainReport, drain_all
from flows.services import post_event, post_raw_update
from telegram_gateway.protocol.callback_data import encode
from tests.support.flows import Document, a_flow, a_question, an_access

_update_ids = itertools.count(1_000)
_people = itertools.count(5_000_000)


def make_organization(name: str = "Loja") -> Organization:
    return Organization.objects.create(name=name, slug=f"{name.lower()}-{uuid4().hex[:8]}")


def make_bot(organization: Organization | None = None, **fields: Any) -> Bot:
    owner = organization or make_organization()
    values = {"name": "Bot", "username": "loja_bot", "welcome_message": "Bem-vindo à loja!", **fields}
    with organization_scope(owner.pk):
        return Bot.objects.create(organization=owner, **values)


def publish(bot: Bot, document: Mapping[str, Any], *, flow: Flow | None = None, active: bool = True) -> FlowVersion:
    """A published version of a flow, active unless said otherwise; the bot's flow is on."""
    with organization_scope(bot.organization_id):
        flow = flow or Flow.objects.create(
            organization_id=bot.organization_id, bot=bot, name="Fluxo", draft=dict(document), active=active
        )
        version = FlowVersion(
            organization_id=bot.organization_id,
            bot=bot,
            flow=flow,
            kind=VersionKind.PUBLISHED.value,
            number=flow.versions.count() + 1,
            definition=dict(document),
            content_hash=content_hash(document),
        )
        version.save(force_insert=True)
        if active and not bot.flow_enabled:
            bot.flow_enabled = True
            bot.save(update_fields=["flow_enabled"])
    return version


def make_flow_bot(document: Document | None = None, **fields: Any) -> Bot:
    """A bot whose active flow is this document: a single question unless given."""
    bot = make_bot(**fields)
    publish(bot, document or two_questions())
    return bot


def two_questions(**fields: Any) -> Document:
    """A name, an age, a goodbye."""
    return a_flow(
        [
            a_question("name", "Qual é o seu nome?", config={"save_as": "nome"}, next="age"),
            a_question("age", "Quantos anos?", next="bye"),
            an_access("bye", "Até logo, {{nome}}!"),
        ],
        **fields,
    )


@dataclass
class Person:
    """Somebody who talks to a bot through the inbox, and what the outbox holds for them."""

    bot: Bot
    telegram_user_id: int = field(default_factory=lambda: next(_people))
    first_name: str = "Ana"

    # What they do

    def start(self, payload: str = "", **options: Any) -> bool:
        return self.say(f"/start {payload}".strip(), **options)

    def say(self, text: str, *, update_id: int | None = None) -> bool:
        return self.send({"message": {**self._message(), "text": text}}, update_id=update_id)

    def press(self, button: OutButton | ButtonRef | str, *, update_id: int | None = None) -> bool:
        query = {
            "id": uuid4().hex,
            "from": self._person(),
            "message": self._message(),
            "data": _data(button),
        }
        return self.send({"callback_query": query}, update_id=update_id)

    def send(self, update: Mapping[str, Any], *, update_id: int | None = None) -> bool:
        number = next(_update_ids) if update_id is None else update_id
        return self.post(json.dumps({"update_id": number, **update}).encode(), external_id=str(number))

    def post(self, body: bytes, *, external_id: str) -> bool:
        with no_scope(reason="test"):
            return post_raw_update(
                bot=self.bot, telegram_user_id=self.telegram_user_id, external_id=external_id, body=body
            )

    def happen(
        self,
        event: Event,
        *,
        run_id: UUID | None = None,
        source: InboxSource = InboxSource.PAYMENT,
        external_id: str | None = None,
        start_with: UUID | None = None,
    ) -> bool:
        """An event of ours."""
        with no_scope(reason="test"):
            return post_event(
                organization_id=self.bot.organization_id,
                bot_id=self.bot.pk,
                telegram_user_id=self.telegram_user_id,
                event=event,
                source=source,
                external_id=external_id or uuid4().hex,
                run_id=run_id,
                start_with=start_with,
            )

    def happen_start(self, version: FlowVersion) -> bool:
        """A partner or the team begins this version for them."""
        return self.happen(Start(command=False), source=InboxSource.API, start_with=version.pk)

    def happen_resumed(self, run: Run, step_id: str | None = None) -> bool:
        """The team sends a run on."""
        return self.happen(OperatorResumed(step_id), run_id=run.pk, source=InboxSource.OPERATOR)

    # What there is of them

    @property
    def conversation(self) -> Conversation:
        return Conversation.unscoped.get(bot=self.bot, telegram_user_id=self.telegram_user_id)

    @property
    def contact(self) -> Contact:
        return Contact.unscoped.get(bot=self.bot, telegram_user_id=self.telegram_user_id)

    @property
    def runs(self) -> list[Run]:
        """Oldest first."""
        return list(Run.unscoped.filter(conversation=self.conversation).order_by("id"))

    @property
    def top(self) -> Run:
        top = self.conversation.top_run_id
        assert top is not None, "no run is on top"
        return Run.unscoped.get(pk=top)

    @property
    def inbox(self) -> list[InboxEvent]:
        return list(
            InboxEvent.unscoped.filter(bot_id=self.bot.pk, telegram_user_id=self.telegram_user_id).order_by("id")
        )

    @property
    def timers(self) -> list[Timer]:
        return list(Timer.unscoped.filter(conversation=self.conversation).order_by("id"))

    def timeline(self, run: Run | None = None) -> list[str]:
        """The kinds of a run's timeline, the one on top unless given."""
        run_id = (run or self.top).pk
        return list(TimelineEntry.unscoped.filter(run_id=run_id).order_by("id").values_list("kind", flat=True))

    def timeline_rows(self) -> list[TimelineEntry]:
        """Every line of every run of theirs."""
        return list(TimelineEntry.unscoped.filter(conversation_id=self.conversation.pk).order_by("id"))

    @property
    def transcript(self) -> list[Message]:
        return list(Message.unscoped.filter(conversation_id=self.conversation.pk).order_by("id"))

    @property
    def outbox(self) -> list[OutboxMessage]:
        rows = OutboxMessage.unscoped.filter(bot_id=self.bot.pk).order_by("position")
        return [row for row in rows if row.payload.get("telegram_user_id") == self.telegram_user_id]

    @property
    def effects(self) -> list[Effect]:
        return [load_effect(row.payload["effect"]) for row in self.outbox]

    @property
    def messages(self) -> list[OutMessage]:
        return [effect.message for effect in self.effects if isinstance(effect, Say)]

    @property
    def texts(self) -> list[str]:
        return [message.text or "" for message in self.messages]

    @property
    def answers(self) -> list[str | None]:
        return [effect.text for effect in self.effects if isinstance(effect, AnswerPress)]

    def button(self, text: str) -> OutButton:
        """The newest button with this text."""
        found = [
            button for message in self.messages for row in message.buttons for button in row if button.text == text
        ]
        return found[-1]

    def _person(self) -> dict[str, Any]:
        return {"id": self.telegram_user_id, "is_bot": False, "first_name": self.first_name, "language_code": "pt-br"}

    def _message(self) -> dict[str, Any]:
        return {
            "message_id": 7,
            "date": 1_770_000_000,
            "from": self._person(),
            "chat": {"id": self.telegram_user_id, "type": "private"},
        }


def drain() -> DrainReport:
    """Everything unread, as the sweep would."""
    return drain_all()


def _data(button: OutButton | ButtonRef | str) -> str:
    if isinstance(button, str):
        return button
    if isinstance(button, ButtonRef):
        return encode(button)
    if button.begin:
        return "start"
    assert button.ref is not None
    return encode(button.ref)
