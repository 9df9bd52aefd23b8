"""One purchase from hello to access, and what must be true after it."""

import re

from bots.outbox.models import MessageState, OutboxMessage
from flows.models import InboxEvent, InboxState, Run
from payments.domain.brcode import parse
from payments.models import Grant, Order, Payment, PaymentEvent
from tests.support.fake_telegram import Chat
from tests.support.shop import Shop, texts_to

PATIENCE = 60.0
CODE = re.compile(r"<code>(000201[^<]+)</code>")


def ask_for_the_code(shop: Shop, chat: Chat) -> str:
    """From hello to the PIX code, by way of a wrong e-mail; the code."""
    chat.start()
    chat.expect("O que você quer?", timeout=PATIENCE)
    chat.press("Quero entrar")
    chat.expect("Qual é o seu e-mail?", timeout=PATIENCE)
    chat.say("isto não é um e-mail")
    chat.expect("Esse e-mail não parece certo", timeout=PATIENCE)
    chat.say("ana@example.com")
    return next_code(chat)


def next_code(chat: Chat) -> str:
    """The QR code's picture, then the same code as text; read back whole, CRC included."""
    chat.expect("R$ 29,90", timeout=PATIENCE)
    reply = chat.next_reply(timeout=PATIENCE)
    found = CODE.search(reply.text)
    assert found, f"no PIX code in {reply.text!r}"
    parse(found[1])
    return found[1]


def expect_access(chat: Chat) -> None:
    """What the buyer is owed, and then the last step."""
    chat.expect("Pagamento confirmado", timeout=PATIENCE)
    chat.expect("Bem-vindo ao VIP", timeout=PATIENCE)


def buy(shop: Shop, chat: Chat) -> None:
    """The whole way."""
    ask_for_the_code(shop, chat)
    shop.pay(chat)
    expect_access(chat)


def check_books(chat: Chat) -> None:
    """Paid once, given once, served, and nothing left half done."""
    order = Order.unscoped.get(telegram_user_id=chat.user_id)
    payments = list(Payment.unscoped.filter(order=order))
    assert [payment.status for payment in payments if not payment.superseded] == ["paid"]
    moves = PaymentEvent.unscoped.filter(payment__order=order, to_status="paid").exclude(from_status="paid")
    assert moves.count() == 1
    assert Grant.unscoped.filter(order=order).count() == Grant.unscoped.filter(telegram_user_id=chat.user_id).count()
    assert order.status == "paid"


def check_chat_once(chat: Chat) -> None:
    """Every message exactly once, in order."""
    texts = texts_to(chat)
    assert len(texts) == 7, texts
    assert len(set(texts)) == 7, texts


def check_nothing_waits() -> None:
    """No event unread or set aside, no message given up."""
    assert not InboxEvent.unscoped.filter(state__in=[InboxState.NEW, InboxState.SET_ASIDE]).exists()
    assert not OutboxMessage.unscoped.filter(state__in=[MessageState.DEAD, MessageState.UNKNOWN]).exists()
    assert not Run.unscoped.filter(status="failed").exists()
