"""`play`: a test conversation against a flow, in memory, with a simulated clock. It reports, and never raises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from flows.engine.compile import Flow, VersionKind, compile_flow
from flows.engine.effects import OutButton
from flows.engine.events import (
    BEGIN_DATA,
    Answered,
    AnswerKind,
    ChargeFailed,
    HttpAnswered,
    HttpOutcome,
    OperatorResumed,
    PaymentStatus,
    Pressed,
    Start,
    VariablesSet,
)
from flows.engine.json_paths import MISSING, parse_path, value_at
from flows.engine.problems import DEFAULT_LOCALE
from flows.engine.state import NO_FACTS, ContactFacts, Facts
from flows.engine.testing.books import Charge
from flows.engine.testing.chat import PlayedChat, Spoken, next_due
from flows.engine.testing.checks import Difference, check
from flows.engine.testing.document import (
    BEGINNING,
    ChargeFails,
    Charging,
    ConversationTest,
    Expectation,
    HttpAnswer,
    Item,
    OperatorResume,
    Outcome,
    Payment,
    Press,
    SendCommand,
    SendContact,
    SendLocation,
    SendMedia,
    SendText,
    SetVariables,
    Wait,
)
from flows.engine.testing.report import Report, Result, heard
from flows.engine.testing.words import Word, words
from flows.engine.welcome import welcome_document

# What the builder of a delay of one second could ask of one long wait.
MOST_DUE: Final = 500
_CHAT_ID: Final = 77
_WELCOME: Final = UUID(int=0xE << 64)


def play(flow: Flow, test: ConversationTest, *, facts: Facts = NO_FACTS, locale: str = DEFAULT_LOCALE) -> Report:
    """Plays the items in their order, to the first that goes wrong. The same input gives the same report.

    `facts` are the bot's and its organization's; who talks is the test's. `locale` is the language of the report.
    """
    chat = open_chat(flow, test, facts=facts)
    results: list[Result] = []
    for place, item in enumerate(test.steps):
        results.append(_result(chat, place, item, locale))
        if not results[-1].ok:
            break
    return Report(test.name, tuple(results))


def open_chat(flow: Flow, test: ConversationTest, *, facts: Facts = NO_FACTS) -> PlayedChat:
    """The conversation that a test begins with: nothing is said yet, unless it begins at a step."""
    person, locale = test.contact, test.locale or facts.locale
    chat = PlayedChat(
        flow,
        facts=replace(
            facts,
            contact=ContactFacts(
                chat_id=_CHAT_ID,
                first_name=person.first_name,
                last_name=person.last_name,
                username=person.username,
                variables=dict(person.variables),
                tags=person.tags,
                grants=person.grants,
            ),
            locale=locale,
            time_zone=test.time_zone or facts.time_zone,
        ),
        now=BEGINNING,
        welcome=None if test.flow_enabled else welcome_of(flow, locale, facts.texts),
        enabled=test.flow_enabled,
        seed=test.seed,
        charges_at_once=test.charges is Charging.AT_ONCE,
        variables=test.variables,
    )
    if test.start_step is not None:
        chat.begin_at(OperatorResumed(test.start_step))
    return chat


def welcome_of(flow: Flow, locale: str, texts: Mapping[str, str]) -> Flow:
    """The bot's welcome, made of the fields that the version holds a copy of."""
    document = flow.document
    made = welcome_document(
        document.welcome_message,
        [button.model_dump(mode="json", exclude_none=True) for button in document.main_buttons],
        [button.model_dump(mode="json", exclude_none=True) for button in document.redirect_buttons],
        locale=locale,
        texts=texts,
    )
    return compile_flow(_WELCOME, made, kind=VersionKind.WELCOME)


def _result(chat: PlayedChat, place: int, item: Item, locale: str) -> Result:
    if isinstance(item, Expectation):
        difference = check(chat, item, locale)
    else:
        chat.listen()
        difference = act(chat, item, locale)
    return Result(
        place=place,
        type=item.type,
        ok=difference is None,
        expected=difference.expected if difference else "",
        came=difference.came if difference else "",
        at=chat.now,
        heard=() if isinstance(item, Expectation) else heard(chat.brought.replies),
    )


def act(chat: PlayedChat, item: Item, locale: str) -> Difference | None:
    """Does what the person or the world does; what cannot be done is a difference."""
    match item:
        case SendText(text=text):
            chat.take(_written(text))
        case SendCommand(command=command, payload=payload):
            chat.take(_written(f"/{command.lstrip('/')} {payload}".strip()))
        case SendMedia(kind=kind, caption=caption, file_id=file_id):
            chat.take(Answered(kind.answer, caption, data={"file_id": file_id}))
        case SendContact():
            data = {"phone_number": item.phone_number, "first_name": item.first_name, "last_name": "", "own": item.own}
            chat.take(Answered(AnswerKind.CONTACT, "", data=data))
        case SendLocation():
            chat.take(Answered(AnswerKind.LOCATION, "", data={"latitude": item.latitude, "longitude": item.longitude}))
        case Press():
            return _press(chat, item, locale)
        case Wait():
            return _wait(chat, item, locale)
        case Payment():
            return _pay(chat, item, locale)
        case ChargeFails():
            return _fail_charge(chat, item, locale)
        case HttpAnswer():
            return _answer_call(chat, item, locale)
        case OperatorResume(step=step):
            run = chat.newest
            if run is None:
                return Difference(words(Word.A_RUN, locale), words(Word.NOTHING, locale))
            chat.take(OperatorResumed(step), run.id)
        case SetVariables(variables=variables):
            run = chat.top
            if run is None:
                return Difference(words(Word.A_RUN, locale), words(Word.NOTHING, locale))
            chat.take(VariablesSet(variables), run.id)
        case _:
            return None
    return None


def _written(text: str) -> Start | Answered:
    """`/start`, alone or with what a deep link carries, begins; all else is an answer."""
    command, _, payload = text.strip().partition(" ")
    if command.split("@", 1)[0] == "/start":
        return Start(payload.strip() or None)
    return Answered(AnswerKind.TEXT, text)


def _press(chat: PlayedChat, item: Press, locale: str) -> Difference | None:
    messages = [one for one in chat.spoken if one.keyboard and item.message in (None, one.number)]
    for spoken in reversed(messages):
        button = _button(spoken, item)
        if button is None:
            continue
        if button.ref is None and not button.begin:
            return Difference(words(Word.PRESSABLE, locale, text=button.text), words(Word.OPENS_PAGE, locale))
        raw = BEGIN_DATA if button.begin else ""
        chat.take(Pressed(chat.next_press(), spoken.number, button.ref, raw))
        return None
    wanted = item.text if item.text is not None else str(item.index or 0)
    shown = [button.text for one in messages[-3:] for row in one.message.buttons for button in row]
    return Difference(words(Word.BUTTON, locale, text=wanted), ", ".join(shown) or words(Word.NO_BUTTONS, locale))


def _button(spoken: Spoken, item: Press) -> OutButton | None:
    buttons = [button for row in spoken.message.buttons for button in row]
    if item.text is not None:
        wanted = item.text.strip().casefold()
        return next((one for one in buttons if one.text.strip().casefold() == wanted), None)
    index = item.index or 0
    return buttons[index] if index < len(buttons) else None


def _wait(chat: PlayedChat, item: Wait, locale: str) -> Difference | None:
    """Everything that falls due meanwhile happens at its own moment, the earliest first."""
    duration = item.duration
    if duration is None:
        due = next_due(chat)
        if due is None:
            return Difference(words(Word.SOMETHING_DUE, locale), words(Word.NOTHING, locale))
        until = max(due, chat.now)
    else:
        until = chat.now + duration
    for _ in range(MOST_DUE):
        if not _happen(chat, until):
            chat.pass_to(until)
            return None
        if duration is None:
            return None
    return Difference(words(Word.AT_REST, locale), words(Word.TOO_MUCH_DUE, locale))


def _happen(chat: PlayedChat, until: datetime) -> bool:
    """The first thing due by then; False where there is none."""
    timer, expiring = chat.due_timer(), chat.books.next_expiry()
    due = next_due(chat)
    if due is None or due > until:
        return False
    chat.pass_to(due)
    if timer is not None and timer.due_at == due:
        chat.fire(timer)
    elif expiring is not None:
        expiring.status = PaymentStatus.EXPIRED
        chat.tell(expiring)
    return True


_MOVES: Final = {
    Outcome.PAID: PaymentStatus.PAID,
    Outcome.LATE_PAID: PaymentStatus.PAID,
    Outcome.FAILED: PaymentStatus.FAILED,
    Outcome.EXPIRED: PaymentStatus.EXPIRED,
    Outcome.REFUNDED: PaymentStatus.REFUNDED,
}


def _pay(chat: PlayedChat, item: Payment, locale: str) -> Difference | None:
    charge = _charge(chat, item.charge)
    if charge is None:
        return Difference(words(Word.A_CHARGE, locale), words(Word.NOTHING, locale))
    if item.outcome is Outcome.READY:
        if not charge.asked:
            return Difference(words(Word.UNANSWERED_CHARGE, locale), words(Word.HAS_CODE, locale))
        chat.answer_request(charge)
        return None
    allowed = {
        Outcome.PAID: charge.is_open and charge.ready,
        Outcome.LATE_PAID: charge.ready and charge.status is not PaymentStatus.PAID,
        Outcome.FAILED: charge.is_open,
        Outcome.EXPIRED: charge.is_open,
        Outcome.REFUNDED: charge.status is PaymentStatus.PAID,
    }
    if not allowed[item.outcome]:
        return Difference(words(Word.CHARGE_FOR, locale, outcome=item.outcome.value), charge.status.value)
    if item.outcome is Outcome.LATE_PAID and charge.is_open:
        charge.expires_at, charge.status = chat.now, PaymentStatus.EXPIRED
        chat.tell(charge)
    charge.status = _MOVES[item.outcome]
    chat.tell(charge)
    return None


def _fail_charge(chat: PlayedChat, item: ChargeFails, locale: str) -> Difference | None:
    charge = next((one for one in reversed(chat.books.charges) if one.asked), None)
    if charge is None:
        return Difference(words(Word.UNANSWERED_CHARGE, locale), words(Word.NOTHING, locale))
    if not item.retrying:
        charge.asked, charge.status = False, PaymentStatus.FAILED
    chat.take(ChargeFailed(charge.visit, item.code, item.retrying), charge.run_id)
    return None


def _answer_call(chat: PlayedChat, item: HttpAnswer, locale: str) -> Difference | None:
    """The oldest call that nobody answered yet gets this answer."""
    if not chat.calls:
        return Difference(words(Word.HTTP_CALL, locale), words(Word.NOTHING, locale))
    run_id, call = chat.calls.pop(0)
    values: dict[str, object] = {}
    if item.status == 0:
        outcome = HttpOutcome.TIMEOUT
    elif item.status // 100 != 2:
        outcome = HttpOutcome.STATUS
    else:
        outcome = HttpOutcome.OK
        found = {name: value_at(item.json_body, parse_path(path) or ()) for name, path in call.save.items()}
        values = {name: value for name, value in found.items() if value is not MISSING}
    chat.take(HttpAnswered(call.wait, outcome, item.status or None, values), run_id)
    return None


def _charge(chat: PlayedChat, number: int | None) -> Charge | None:
    charges = chat.books.charges
    if number is None:
        return charges[-1] if charges else None
    return charges[number - 1] if number <= len(charges) else None
