"""`payment`: charges, and waits for the money, a press or a timer."""

from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field

from flows.engine import limits
from flows.engine.conditions import ConditionType, Occasion, Stimulus, first_match
from flows.engine.content import AccessContent
from flows.engine.coupons import Coupon, Typed, take_typed, with_coupon
from flows.engine.delivery import stored_content
from flows.engine.effects import (
    ArmTimer,
    AttentionReason,
    OutButton,
    OutMessage,
    ParseMode,
    RequestPayment,
    TimelineKind,
)
from flows.engine.events import NEW_CODE_BUTTON, PAID_BUTTON, Answered, AnswerKind, PaymentStatus, TimerFired, TimerKind
from flows.engine.expressions import escape_html
from flows.engine.fields import Finite, NotBlank, Part, Text, VariableName, Whole
from flows.engine.pricing import Charge, charge_for
from flows.engine.speech import button_ref, in_rows
from flows.engine.state import PaymentVisit
from flows.engine.steps.behaviour import Behaviour, StepEvent
from flows.engine.steps.model import StepBase, StepType
from flows.engine.texts import BuiltinText
from flows.engine.walk import STAY, Go, Move, Walk, later


class Currency(StrEnum):
    BRL = "BRL"
    XTR = "XTR"


class Payer(Part):
    """The variables that hold what a gateway must know of the payer."""

    email: VariableName | None = Field(default=None, description="The variable with the e-mail.")
    document: VariableName | None = Field(default=None, description="The variable with the CPF or CNPJ.")
    name: VariableName | None = Field(default=None, description="The variable with the full name.")


class PaymentConfig(Part):
    """What is charged, for how long it can be paid, and what is given for it."""

    amount: NotBlank | None = Field(default=None, description='The amount as text, "29.90"; else the button\'s price.')
    currency: Currency = Field(default=Currency.BRL, description="Reais, or Telegram Stars.")
    description: Text | None = Field(default=None, description="What is sold; else the button says it.")
    gateway: NotBlank | None = Field(default=None, description="A gateway account's id; else the bot's.")
    expires_minutes: Annotated[Whole, Field(ge=1, le=limits.MAX_MINUTES)] = Field(
        default=30, description="How long the code can be paid."
    )
    pending_minutes: Annotated[Finite, Field(gt=0, le=limits.MAX_MINUTES)] | None = Field(
        default=None, description="Leave by `pending` when still unpaid after so many minutes."
    )
    text: NotBlank | None = Field(default=None, description="Said with the QR image; else a built-in text.")
    deliver: AccessContent | None = Field(default=None, description="Given the moment it is paid.")
    coupons: Annotated[tuple[Coupon, ...], Field(max_length=limits.MAX_COUPONS)] = Field(
        default=(), description="Codes that lower the price, from the variable `coupon` or typed before paying."
    )
    payer: Payer = Field(default=Payer(), description="Variables that hold what the gateway must know of the payer.")


class PaymentStep(StepBase):
    """Charges the contact: `next` when paid, `pending` when still unpaid, `retry` when failed or expired."""

    fitting_conditions: ClassVar[frozenset[ConditionType]] = frozenset(
        {ConditionType.PAYMENT_STATUS, ConditionType.TIME_ELAPSED}
    )
    outcomes: ClassVar[frozenset[str]] = frozenset({"next", "pending", "retry"})

    type: Literal[StepType.PAYMENT] = StepType.PAYMENT
    config: PaymentConfig = PaymentConfig()


REMINDER_INTERVAL: Final = timedelta(minutes=1)
_MAX_COPY: Final = 256


class PaymentBehaviour(Behaviour[PaymentStep]):
    """Asks for a charge and waits; what becomes of the charge is `flows.engine.charges`."""

    def enter(self, walk: Walk, step: PaymentStep) -> Move:
        charge = charge_for(walk, step)
        if charge is None:
            walk.record(TimelineKind.CHARGE_FAILED, code="no_amount")
            walk.attention(AttentionReason.NO_AMOUNT)
            walk.change(current_visit=None)
            way = outcome_way(step, PaymentStatus.FAILED)
            if way is not None:
                return Go(way)
            walk.say_builtin(BuiltinText.CHARGE_FAILED)
            walk.park("no_amount")
            return STAY
        charge = with_coupon(walk, step, charge)
        visit = walk.state.next_visit
        _open_visit(walk, step, visit, charge)
        _arm_pending(walk, step, visit)
        return STAY

    def carry(self, walk: Walk, step: PaymentStep) -> bool:
        visit = visit_waited_for(walk, step)
        if visit is not None and not visit.taken_paid:
            number = next(number for number, one in walk.state.visits.items() if one.wait == visit.wait)
            _arm_pending(walk, step, number)
        return True

    def accepts(self, walk: Walk, step: PaymentStep, event: StepEvent) -> bool:
        match event:
            case Answered():
                return True
            case TimerFired(kind=kind):
                return kind is TimerKind.PENDING
            case _:
                return False

    def resume(self, walk: Walk, step: PaymentStep, event: StepEvent) -> Move:
        if isinstance(event, Answered):
            if event.kind is AnswerKind.TEXT:
                match take_typed(walk, step, visit_waited_for(walk, step), event.text):
                    case Typed.TAKEN:
                        return Go(step.id)
                    case Typed.REFUSED:
                        return STAY
                    case Typed.NO_COUPON:
                        pass
            walk.attention(AttentionReason.TEXT_WHILE_WAITING)
            self._remind(walk, step)
            return STAY
        way = pending_way(walk, step)
        return Go(way) if way else STAY

    def say_again(self, walk: Walk, step: PaymentStep) -> None:
        visit = visit_waited_for(walk, step)
        if visit is None:
            return
        if visit.status in (PaymentStatus.EXPIRED, PaymentStatus.FAILED):
            offer_new_code(walk, visit, BuiltinText.EXPIRED)
        elif is_payable(visit):
            say_code(walk, visit, BuiltinText.PAY_REMINDER)

    def _remind(self, walk: Walk, step: PaymentStep) -> None:
        visit, last = visit_waited_for(walk, step), walk.state.last_reminded_at
        if visit is None or (last is not None and walk.now - last < REMINDER_INTERVAL):
            return
        if is_payable(visit) and visit.status is PaymentStatus.PENDING:
            walk.change(last_reminded_at=walk.now)
            say_code(walk, visit, BuiltinText.PAY_REMINDER)


def _arm_pending(walk: Walk, step: PaymentStep, visit: int) -> None:
    if step.config.pending_minutes is not None:
        due_at = later(walk.now, timedelta(minutes=step.config.pending_minutes))
        walk.emit(ArmTimer(TimerKind.PENDING, due_at, walk.state.wait, visit))


def _open_visit(walk: Walk, step: PaymentStep, visit: int, charge: Charge) -> None:
    config, state = step.config, walk.state
    walk.change(
        next_visit=visit + 1,
        current_visit=visit,
        visits={
            **state.visits,
            visit: PaymentVisit(
                step_id=step.id,
                wait=state.wait,
                requested_at=walk.now,
                amount_minor=charge.amount_minor,
                currency=str(config.currency),
                description=charge.description,
                button_index=charge.button_index,
                pressed_wait=state.pressed.wait if state.pressed else None,
                frames=state.frames,
                coupon=charge.coupon.code if charge.coupon else "",
                discount_minor=charge.coupon.discount_minor if charge.coupon else 0,
            ),
        },
    )
    walk.emit(
        RequestPayment(
            visit=visit,
            step_id=step.id,
            button_index=charge.button_index,
            amount_minor=charge.amount_minor,
            currency=str(config.currency),
            description=charge.description,
            account_id=config.gateway,
            expires_minutes=config.expires_minutes,
            deliver=stored_content(config.deliver) if config.deliver else None,
            payer=_payer(walk, config.payer),
            items=charge.items,
            version_id=walk.flow.version_id if state.frames else None,
            coupon=charge.coupon,
        )
    )
    if charge.coupon is not None:
        walk.record(
            TimelineKind.COUPON_USED,
            visit=visit,
            coupon=charge.coupon.code,
            discount_minor=charge.coupon.discount_minor,
        )
    walk.record(TimelineKind.CHARGE_REQUESTED, visit=visit, amount_minor=charge.amount_minor)


def _payer(walk: Walk, payer: Payer) -> dict[str, str]:
    """The values of the payer's variables; what is not known is left out, never invented."""
    names = {"email": payer.email, "document": payer.document, "name": payer.name}
    values = {field: walk.text("{{" + name + "}}", html=False).strip() for field, name in names.items() if name}
    return {field: value for field, value in values.items() if value}


def visit_waited_for(walk: Walk, step: PaymentStep) -> PaymentVisit | None:
    """The visit that the present wait at this step began."""
    found = (visit for visit in walk.state.visits.values() if visit.wait == walk.state.wait)
    return next((visit for visit in found if visit.step_id == step.id), None)


def outcome_way(step: PaymentStep, status: PaymentStatus) -> str | None:
    """Where an outcome of the charge leads: a condition on it, else the connection for it."""
    found = first_match(step.ordered_conditions, Stimulus(Occasion.PAYMENT, payment_status=str(status)))
    if found is not None:
        return found[1].target_step
    match status:
        case PaymentStatus.PAID:
            return step.connections.next
        case PaymentStatus.PENDING:
            return step.connections.pending
        case PaymentStatus.FAILED | PaymentStatus.EXPIRED:
            return step.connections.retry
        case _:
            return None


def pending_way(walk: Walk, step: PaymentStep) -> str | None:
    """The way of a charge that is still unpaid: once per visit, and only from where the run waits for it."""
    visit = visit_waited_for(walk, step)
    way = outcome_way(step, PaymentStatus.PENDING)
    if visit is None or way is None or visit.left_pending or visit.taken_paid:
        return None
    change_visit(walk, visit, left_pending=True)
    return way


def change_visit(walk: Walk, visit: PaymentVisit, **fields: Any) -> PaymentVisit:
    """The visit with these fields changed, in the run's state too."""
    changed = replace(visit, **fields)
    visits = {number: changed if one.wait == visit.wait else one for number, one in walk.state.visits.items()}
    walk.change(visits=visits)
    return changed


def is_payable(visit: PaymentVisit) -> bool:
    """Whether there is a code or a page to say."""
    return bool(visit.br_code or visit.page_url)


def say_charge(walk: Walk, step: PaymentStep, visit: PaymentVisit) -> None:
    """The step's text with the QR image, then the code to copy. Ours says what is sold, for how much, until when."""
    if step.config.text:
        text = walk.text(step.config.text)
    else:
        text = walk.builtin(BuiltinText.PAY if visit.br_code else BuiltinText.PAY_BY_PAGE)
        if visit.expires_at is not None:
            text = f"{text}\n{walk.builtin(BuiltinText.PAY_UNTIL)}"
    walk.say(OutMessage(text, ParseMode.HTML, qr=visit.br_code or None))
    say_code(walk, visit, BuiltinText.PAY_CODE)


def say_code(walk: Walk, visit: PaymentVisit, introduction: BuiltinText) -> None:
    """The code to copy (or the page to open) with its buttons."""
    buttons = []
    if visit.br_code:
        text = f"{walk.builtin(introduction)}\n<code>{escape_html(visit.br_code)}</code>"
        if len(visit.br_code) <= _MAX_COPY:
            buttons.append(OutButton(walk.builtin(BuiltinText.COPY_BUTTON, html=False), copy_text=visit.br_code))
    else:
        text = walk.builtin(BuiltinText.PAY_PAGE)
    if visit.page_url:
        buttons.append(OutButton(walk.builtin(BuiltinText.PAGE_BUTTON, html=False), url=visit.page_url))
    if visit.legal_text:
        text = f"{text}\n{escape_html(visit.legal_text)}"
    buttons.append(_charge_button(walk, visit, BuiltinText.PAID_BUTTON, PAID_BUTTON))
    walk.say(OutMessage(text, ParseMode.HTML, buttons=in_rows(buttons, 1)))


def offer_new_code(walk: Walk, visit: PaymentVisit, text: BuiltinText) -> None:
    """Say why the code is no good, with a button for a new one."""
    button = _charge_button(walk, visit, BuiltinText.NEW_CODE_BUTTON, NEW_CODE_BUTTON)
    walk.change(last_reminded_at=walk.now)
    walk.say(OutMessage(walk.builtin(text), ParseMode.HTML, buttons=((button,),)))


def _charge_button(walk: Walk, visit: PaymentVisit, text: BuiltinText, index: int) -> OutButton:
    ref = button_ref(walk, visit.step_id, wait=visit.wait, index=index, frames=visit.frames)
    return OutButton(walk.builtin(text, html=False), ref=ref)
