"""Telegram's own payments: the question before one, the word that one was made, the word that one went back."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from telegram_gateway.protocol.render import ApiCall
from telegram_gateway.protocol.updates import UpdateKind, as_id, as_object, as_text, load

# Bot API, `createInvoiceLink`: 1 to 128 bytes.
PAYLOAD_LENGTH = 128
_CHARGE_ID_LENGTH = 255
_LAST_MOMENT = 2**33


@dataclass(frozen=True, slots=True)
class Checkout:
    """What the three have in common. `query_id` stands in a question only, `charge_id` in the others."""

    telegram_user_id: int
    payload: str
    currency: str
    stars: int
    language_code: str = ""
    query_id: str = ""
    charge_id: str = ""
    at: datetime | None = None


def read_checkout(body: bytes) -> Checkout | None:
    """A `pre_checkout_query`, a `successful_payment` or a `refunded_payment` (Bot API, "Payments"); None for what lacks
    what makes it one. Total."""
    update = as_object(load(body))
    if UpdateKind.PRE_CHECKOUT_QUERY in update:
        query = as_object(update[UpdateKind.PRE_CHECKOUT_QUERY])
        return _checkout(query, as_object(query.get("from")), query_id=as_text(query.get("id"), limit=64))
    message = as_object(update.get("message"))
    for kind in (UpdateKind.SUCCESSFUL_PAYMENT, UpdateKind.REFUNDED_PAYMENT):
        if kind in message:
            paid = as_object(message[kind])
            # A service message about a refund is the bot's own; the chat is the buyer.
            person = as_object(message.get("chat"))
            charge_id = as_text(paid.get("telegram_payment_charge_id"), limit=_CHARGE_ID_LENGTH)
            return _checkout(paid, person, charge_id=charge_id, at=_moment(message.get("date")))
    return None


def _checkout(said: Any, person: Any, **more: Any) -> Checkout | None:
    user, stars = as_id(person.get("id"), smallest=1), as_id(said.get("total_amount"), smallest=1)
    if user is None or stars is None or not (more.get("query_id") or more.get("charge_id")):
        return None
    return Checkout(
        telegram_user_id=user,
        payload=as_text(said.get("invoice_payload"), limit=PAYLOAD_LENGTH),
        currency=as_text(said.get("currency"), limit=3),
        stars=stars,
        language_code=as_text(person.get("language_code"), limit=16),
        **more,
    )


def _moment(seconds: object) -> datetime | None:
    known = as_id(seconds, smallest=1)
    return datetime.fromtimestamp(known, UTC) if known is not None and known < _LAST_MOMENT else None


def render_checkout_answer(query_id: str, error: str) -> ApiCall:
    """Lets the buyer pay, or says why not."""
    told: dict[str, Any] = {"pre_checkout_query_id": query_id, "ok": not error}
    return ApiCall("answerPreCheckoutQuery", told | ({"error_message": error} if error else {}))


def render_invoice_link(*, title: str, description: str, payload: str, stars: int) -> ApiCall:
    """An invoice in Stars: no provider, exactly one price, whole Stars."""
    return ApiCall(
        "createInvoiceLink",
        {
            "title": title,
            "description": description,
            "payload": payload,
            "provider_token": "",
            "currency": "XTR",
            "prices": [{"label": title, "amount": stars}],
        },
    )
