"""What a buyer does in the sandbox, and the signed notice that follows."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.utils import timezone
from pytest_django import Settings

from bots.errors import Conflict, NotFound
from bots.models import Channel
from bots.tenancy import organization_scope
from payments.gateways.sandbox.signature import is_genuine
from payments.models import Payment
from payments.services import poll_due
from payments.services.sandbox import Act, act, act_on_payment, page_facts, post_notice, skip_chat_time, skip_time
from tests.factories.payments import Shop, buyer, charge, make_shop, notices
from tests.support.pages import make_world


@pytest.mark.parametrize(
    ("what", "status", "times", "said"),
    [
        (Act.PAY, "paid", 1, ["paid"]),
        (Act.FAIL, "failed", 0, ["failed"]),
        (Act.EXPIRE, "expired", 0, ["expired"]),
        (Act.PAY_LATE, "paid", 1, ["expired", "paid"]),
        (Act.PAY_TWICE, "paid", 2, ["paid", "paid"]),
    ],
)
def test_every_act_writes_the_gateways_books_and_sends_its_notices(
    shop: Shop, what: Act, status: str, times: int, said: list[str]
) -> None:
    sale = charge(shop)
    buyer(sale, what, notify=True)
    row = sale.charge
    assert (row.status, row.received_minor) == (status, 2990 * times)
    assert [message.payload["status"] for message in notices(shop)] == said
    assert (sale.payment.status, sale.order.status) == ("pending", "open")


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (Act.PAY, Act.PAY),
        (Act.PAY, Act.FAIL),
        (Act.PAY, Act.EXPIRE),
        (Act.PAY, Act.PAY_LATE),
        (Act.FAIL, Act.EXPIRE),
        (Act.FAIL, Act.PAY_TWICE),
        (Act.EXPIRE, Act.PAY),
    ],
)
def test_what_cannot_be_done_any_more_is_refused_and_changes_nothing(shop: Shop, first: Act, then: Act) -> None:
    sale = charge(shop)
    buyer(sale, first)
    before = sale.charge.status, sale.charge.received_minor
    with pytest.raises(Conflict):
        buyer(sale, then, notify=True)
    assert ((sale.charge.status, sale.charge.received_minor), notices(shop)) == (before, [])


def test_a_lost_notice_is_never_written(shop: Shop) -> None:
    sale = charge(shop)
    buyer(sale, Act.PAY)
    assert notices(shop) == []


def test_the_page_tells_how_often_it_was_paid(shop: Shop) -> None:
    sale = charge(shop)
    buyer(sale, Act.PAY_TWICE)
    facts = page_facts(sale.token, locale="pt-br")
    assert (facts.status, facts.amount, facts.times_paid) == ("paid", "R$ 29,90", 2)


def test_an_unknown_token_is_not_found(db: None) -> None:
    with pytest.raises(NotFound):
        act("nobody", Act.PAY)


def test_a_test_chat_pays_its_own_charge_and_no_others(db: None) -> None:
    shop, stranger = make_shop(channel=Channel.SIMULATOR), make_shop("Outra")
    sale = charge(shop)
    payment_id = sale.payment.pk
    with pytest.raises(NotFound):
        act_on_payment(payment_id, Act.PAY, organization_id=stranger.organization.pk)
    assert act_on_payment(payment_id, Act.PAY, organization_id=shop.organization.pk) == "paid"


def test_skipping_time_ends_a_code_sooner(db: None) -> None:
    shop = make_shop(channel=Channel.SIMULATOR)
    sale = charge(shop)
    skipped = skip_time(organization_id=shop.organization.pk, contact_id=shop.contact.pk, by=timedelta(minutes=31))
    assert skipped == 1
    poll_due()
    assert sale.payment.status == "expired"


def test_a_chats_clock_its_waits_and_its_codes_move_together(db: None) -> None:
    world = make_world()
    due = timezone.now() + timedelta(minutes=10)
    Payment.unscoped.filter(pk=world.test_sale.payment.pk).update(expires_at=due)
    with organization_scope(world.organization.pk):
        skipped = skip_chat_time(world.flow.pk, user=world.owner)
    assert timedelta(minutes=9) < skipped < timedelta(minutes=11)
    assert Payment.unscoped.get(pk=world.test_sale.payment.pk).expires_at == due - skipped
    world.test_chat.refresh_from_db()
    assert world.test_chat.clock_offset == skipped
    poll_due()
    assert Payment.unscoped.get(pk=world.test_sale.payment.pk).status == "expired"
    with organization_scope(world.organization.pk), pytest.raises(Conflict):
        skip_chat_time(world.flow.pk, user=world.owner)


class Listener(BaseHTTPRequestHandler):
    """An account's webhook address, as the gateway sees it."""

    received: list[tuple[str, str, bytes]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.received.append((self.path, self.headers["x-sandbox-signature"], body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        return


@pytest.fixture
def listener(settings: Settings) -> Iterator[list[tuple[str, str, bytes]]]:
    Listener.received = []
    server = HTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings.SITE_URL = f"http://127.0.0.1:{server.server_port}"
    yield Listener.received
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_notice_goes_over_http_to_the_accounts_address_with_a_right_signature(
    shop: Shop, listener: list[tuple[str, str, bytes]]
) -> None:
    sale = charge(shop)
    buyer(sale, Act.PAY, notify=True)
    with organization_scope(shop.organization.pk):
        assert post_notice(notices(shop)[0].payload) == 200
    ((path, signature, body),) = listener
    assert path == f"/payments/webhooks/sandbox/{shop.account.public_id}/"
    assert is_genuine(shop.account.webhook_secret, body, signature, now=timezone.now())
    assert sale.payment.provider_id.encode() in body


def test_a_notice_nobody_takes_is_told_as_such(shop: Shop, settings: Settings) -> None:
    settings.SITE_URL = "http://127.0.0.1:1"
    sale = charge(shop)
    buyer(sale, Act.PAY, notify=True)
    with organization_scope(shop.organization.pk):
        assert post_notice(notices(shop)[0].payload) is None
    assert Payment.unscoped.get().status == "pending"
