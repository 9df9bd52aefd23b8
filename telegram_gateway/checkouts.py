"""Telegram's own payments as they come in: a buyer's question before paying, and the word that money moved.

They stand in the gateway's own table like every update that moves no conversation, but nothing else of that table is
ever before them: they have a sweep, a bell and an outbox queue of their own. Telegram takes an answer for ten seconds.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

import structlog
from django.db import transaction
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, When
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from bots.crashpoints import crash_point, register
from bots.outbox.publish import NewMessage, publish
from bots.tenancy import no_scope
from payments.services import stars
from payments.services.stars import Refusal, StarPayment, Taken
from telegram_gateway.models import TelegramUpdate, UpdateState
from telegram_gateway.protocol.checkout import Checkout, read_checkout
from telegram_gateway.protocol.updates import UpdateKind
from telegram_gateway.topics import CHECKOUT_ANSWER

logger = structlog.get_logger(__name__)

BEFORE_COMMIT = register("telegram.checkout_before_commit")
AFTER_COMMIT = register("telegram.checkout_after_commit")

PROCESS_TASK: Final = "telegram_gateway.process_checkouts"
PROCESS_QUEUE: Final = "payments"
MOST_ATTEMPTS: Final = 3
# Bot API, "answerPreCheckoutQuery".
ANSWER_WITHIN: Final = timedelta(seconds=10)
KINDS: Final = frozenset({UpdateKind.PRE_CHECKOUT_QUERY, UpdateKind.SUCCESSFUL_PAYMENT, UpdateKind.REFUNDED_PAYMENT})


def process_checkouts() -> int:
    """Handle every waiting row about a payment, questions first; answers how many. Several may run at once."""
    total = 0
    with no_scope(reason="payments of every organization come in by one door"):
        while _process_next():
            total += 1
            crash_point(AFTER_COMMIT)
    return total


def _process_next() -> bool:
    """One row in a transaction of its own, so that no two sales are locked at once. False where none waits."""
    with transaction.atomic():
        row = _waiting().select_for_update(skip_locked=True, of=("self",), no_key=True).first()
        if row is None:
            return False
        try:
            with transaction.atomic():
                row.state = _HANDLERS[UpdateKind(row.kind)](row, read_checkout(bytes(row.body)))
        except Exception as error:
            row.attempts += 1
            row.error = type(error).__name__
            row.state = UpdateState.SET_ASIDE if row.attempts >= MOST_ATTEMPTS else UpdateState.NEW
            logger.exception(
                "telegram_payment_failed", update_id=row.external_id, kind=row.kind, bot_id=str(row.bot_id)
            )
        row.handled_at = timezone.now()
        row.save(update_fields=["state", "attempts", "error", "handled_at"])
        crash_point(BEFORE_COMMIT)
    return True


def _waiting() -> QuerySet[TelegramUpdate]:
    """Questions first, for they cannot wait; then money as it moved: none goes back before it came, though another
    worker has it in hand."""
    waiting = TelegramUpdate.unscoped.filter(state=UpdateState.NEW)
    came_before = waiting.filter(kind=UpdateKind.SUCCESSFUL_PAYMENT, bot_id=OuterRef("bot_id"), id__lt=OuterRef("id"))
    return (
        waiting.filter(kind__in=KINDS)
        .exclude(Q(kind=UpdateKind.REFUNDED_PAYMENT) & Exists(came_before))
        .order_by(Case(When(kind=UpdateKind.PRE_CHECKOUT_QUERY, then=0), default=1), "id")
    )


def _answer_question(row: TelegramUpdate, asked: Checkout | None) -> UpdateState:
    """Lets the buyer pay what is open, and nothing else. Too late, an answer is worth nothing and none is made."""
    if asked is None:
        return UpdateState.KEPT
    refusal = stars.judge_checkout(_payment(row, asked))
    publish(
        [
            NewMessage(
                topic=CHECKOUT_ANSWER,
                key=f"checkout:{row.pk}",
                organization_id=row.organization_id,
                bot_id=row.bot_id,
                expires_at=row.created_at + ANSWER_WITHIN,
                payload={
                    "query_id": asked.query_id,
                    "error": "" if refusal is None else refusal_in_words(refusal, asked.language_code),
                },
            )
        ]
    )
    if refusal is not None:
        logger.warning("checkout_refused", bot_id=str(row.bot_id), reason=refusal.value)
        row.error = f"refused: {refusal}"
    return UpdateState.DONE


def _take_payment(row: TelegramUpdate, paid: Checkout | None) -> UpdateState:
    if paid is None:
        return UpdateState.SET_ASIDE
    taken = stars.take_payment(_payment(row, paid), charge_id=paid.charge_id, at=paid.at or row.created_at)
    return _done_if(taken, row)


def _take_refund(row: TelegramUpdate, refunded: Checkout | None) -> UpdateState:
    if refunded is None:
        return UpdateState.SET_ASIDE
    taken = stars.take_refund(_payment(row, refunded), charge_id=refunded.charge_id, at=refunded.at or row.created_at)
    return _done_if(taken, row)


def _done_if(taken: Taken, row: TelegramUpdate) -> UpdateState:
    """Money that is no charge's of ours is somebody's to look at, never dropped."""
    if taken is Taken.DONE:
        return UpdateState.DONE
    row.error = taken.value
    return UpdateState.SET_ASIDE


def _payment(row: TelegramUpdate, said: Checkout) -> StarPayment:
    return StarPayment(
        bot_id=row.bot_id,
        telegram_user_id=said.telegram_user_id,
        key=said.payload,
        currency=said.currency,
        stars=said.stars,
    )


def refusal_in_words(refusal: Refusal, language_code: str) -> str:
    """What Telegram shows the buyer; Portuguese unless they speak something else."""
    portuguese = not language_code or language_code.lower().startswith("pt")
    with translation.override("pt-br" if portuguese else "en"):
        match refusal:
            case Refusal.PAID_ALREADY:
                return _("This is paid already. Nothing was charged now.")
            case Refusal.SOMEBODY_ELSES:
                return _("This payment was made out to somebody else. Ask the bot for one of your own.")
            case Refusal.UNKNOWN | Refusal.OVER | Refusal.OTHER_AMOUNT:
                return _("This payment is not open any more. Nothing was charged. Ask the bot for a new one.")


_HANDLERS: Final[Mapping[UpdateKind, Callable[[TelegramUpdate, Checkout | None], UpdateState]]] = {
    UpdateKind.PRE_CHECKOUT_QUERY: _answer_question,
    UpdateKind.SUCCESSFUL_PAYMENT: _take_payment,
    UpdateKind.REFUNDED_PAYMENT: _take_refund,
}
