"""Implements `payments.ports.StarsPlatform`: the Bot API's calls about Stars."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from telegram.error import TelegramError

from bots.models import BotStatus
from bots.outbox.loop import outbox_loop
from payments.ports import StarsError, StarTransaction
from telegram_gateway.client import bot_for
from telegram_gateway.errors import BOT_AWAY, Trouble, Verdict, classify
from telegram_gateway.protocol.checkout import PAYLOAD_LENGTH, render_invoice_link
from telegram_gateway.protocol.render import ApiCall
from telegram_gateway.protocol.updates import as_id, as_list, as_object, as_text
from telegram_gateway.selectors import sending_bots

# A person waits for the code, as for any gateway's.
CALL_SECONDS = 4.5


class TelegramStars:
    """Every call in at most `CALL_SECONDS`."""

    def invoice_link(self, bot_id: UUID, *, title: str, description: str, payload: str, stars: int) -> str:
        call = render_invoice_link(title=title, description=description, payload=payload, stars=stars)
        link = as_text(_call(bot_id, call))
        if not link.startswith("https://"):
            raise StarsError("unreadable_answer", "Telegram gave no link", retryable=True)
        return link

    def transactions(self, bot_id: UUID, *, offset: int, limit: int) -> Sequence[StarTransaction]:
        told = as_object(_call(bot_id, ApiCall("getStarTransactions", {"offset": offset, "limit": limit})))
        lines = [_transaction(as_object(line)) for line in as_list(told.get("transactions"))]
        return [line for line in lines if line is not None]

    def refund(self, bot_id: UUID, *, telegram_user_id: int, charge_id: str) -> None:
        parameters = {"user_id": telegram_user_id, "telegram_payment_charge_id": charge_id}
        try:
            _call(bot_id, ApiCall("refundStarPayment", parameters))
        except StarsError as error:
            if "CHARGE_ALREADY_REFUNDED" not in str(error):
                raise

    def is_usable(self, bot_id: UUID) -> None:
        _call(bot_id, ApiCall("getMyStarBalance"))


def _transaction(line: Mapping[str, Any]) -> StarTransaction | None:
    """Bot API, `StarTransaction`: `source` for what comes in, `receiver` for what goes; only a user's is a sale."""
    amount, date = as_id(line.get("amount"), smallest=0), as_id(line.get("date"), smallest=1)
    if amount is None or date is None:
        return None
    incoming = "source" in line
    partner = as_object(line.get("source" if incoming else "receiver"))
    return StarTransaction(
        id=as_text(line.get("id"), limit=255),
        stars=amount,
        at=datetime.fromtimestamp(min(date, 2**33), UTC),
        incoming=incoming,
        telegram_user_id=as_id(as_object(partner.get("user")).get("id"), smallest=1),
        payload=as_text(partner.get("invoice_payload"), limit=PAYLOAD_LENGTH),
    )


def _call(bot_id: UUID, call: ApiCall) -> Any:
    bot = sending_bots.get(bot_id)
    if bot is None or not bot.token or bot.status is not BotStatus.ACTIVE:
        raise StarsError("bot_away", "the bot is not connected to Telegram", retryable=True)
    try:
        return outbox_loop.run(bot_for(bot.token).call(call, deadline=CALL_SECONDS), timeout=CALL_SECONDS + 1)
    except TelegramError as error:
        raise _stars_error(classify(error)) from None
    except TimeoutError:
        raise StarsError("timeout", "no answer in time", retryable=True, unknown_outcome=True) from None


def _stars_error(verdict: Verdict) -> StarsError:
    match verdict.trouble:
        case Trouble.NOT_SENT:
            return StarsError("unreachable", verdict.description, retryable=True)
        case Trouble.OUTCOME_UNKNOWN | Trouble.USED_ELSEWHERE:
            return StarsError("timeout", verdict.description, retryable=True, unknown_outcome=True)
        case Trouble.FLOOD:
            wait = int(verdict.retry_after.total_seconds()) if verdict.retry_after else 1
            return StarsError("too_many_requests", verdict.description, retryable=True, retry_after=wait)
        case trouble if trouble in BOT_AWAY:
            return StarsError("bot_away", verdict.description, retryable=True)
        case _:
            return StarsError("refused", verdict.description)
