"""One purchase from hello to access, and what must be true after it."""

import re
import time

from bots.outbox.models import UNFINISHED, MessageState, OutboxMessage
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
    hear(chat, "O que você quer?")
    chat.press("Quero entrar")
    hear(chat, "Qual é o seu e-mail?")
    chat.say("isto não é um e-mail")
    hear(chat, "Esse e-mail não parece certo")
    chat.say("ana@example.com")
    hear(chat, "R$ 29,90")
    return code_in(hear(chat, "<code>"))


def hear(chat: Chat, text: str) -> str:
    """Read until a message contains this text. What comes before may only repeat what came already: a message goes out
    twice when its sender died after the call, and never out of order."""
    while True:
        reply = chat.next_reply(timeout=PATIENCE)
        if text in reply.text:
            return reply.text
        assert texts_to(chat).index(reply.text) < chat.read - 1, f"expected {text!r}, got {reply.text!r}"


def code_in(text: str) -> str:
    """The PIX code in a message; read back whole, CRC included."""
    found = CODE.search(text)
    assert found, f"no PIX code in {text!r}"
    parse(found[1])
    return found[1]


def expect_access(chat: Chat) -> None:
    """What the buyer is owed, and then the last step."""
    hear(chat, "Pagamento confirmado")
    hear(chat, "Bem-vindo ao VIP")


def buy(shop: Shop, chat: Chat) -> None:
    """The whole way."""
    ask_for_the_code(shop, chat)
    shop.pay(chat)
    expect_access(chat)


def rest() -> None:
    """Wait until the workers have nothing left to do: the buyer reads the last message before its grant is a row, since
    only messages have an order among themselves."""
    end = time.monotonic() + PATIENCE
    while (
        OutboxMessage.unscoped.filter(state__in=UNFINISHED).exists()
        or InboxEvent.unscoped.filter(state=InboxState.NEW).exists()
    ):
        assert time.monotonic() < end, "the workers never came to rest"
        time.sleep(0.05)


def check_books(chat: Chat) -> None:
    """Paid once, each step's access given once and by this sale, served, and nothing left half done."""
    rest()
    order = Order.unscoped.get(telegram_user_id=chat.user_id)
    payments = list(Payment.unscoped.filter(order=order))
    assert [payment.status for payment in payments if not payment.superseded] == ["paid"]
    moves = PaymentEvent.unscoped.filter(payment__order=order, to_status="paid").exclude(from_status="paid")
    assert moves.count() == 1
    grants = Grant.unscoped.filter(telegram_user_id=chat.user_id).order_by("step_id")
    assert [(grant.step_id, grant.order_id) for grant in grants] == [("pay", order.pk), ("vip", order.pk)]
    assert (order.status, order.served_at is not None) == ("paid", True)


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
