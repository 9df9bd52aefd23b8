"""From an `http` step through the outbox to another system, and back into the run."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from django.utils import timezone

from bots import outgoing
from bots.outbox.loop import outbox_loop
from bots.outbox.models import OutboxMessage, Queue
from bots.outbox.relay import run_once
from bots.outbox.store import reclaim
from flows.adapters import http
from flows.models import Conversation
from tests.bots.test_outgoing import Names
from tests.factories.flows import Person, drain, make_flow_bot
from tests.support.flows import Document, a_flow, a_question, a_step, an_access
from tests.support.web_server import Answer, Received, WebServer

pytestmark = pytest.mark.django_db

SECRET = "Bearer s3cret-of-the-shop"


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[WebServer]:
    settings.OUTGOING_PRIVATE_NETWORKS = (ip_network("127.0.0.1/32"),)
    monkeypatch.setattr(http, "_breakers", http._Breakers())
    monkeypatch.setattr(http, "_shares", http._Shares())
    names = Names({"api.shop.example": ["127.0.0.1"]})
    monkeypatch.setattr(outgoing, "look_up", names.look_up)
    with WebServer() as server:
        names.port = server.port
        yield server
    outbox_loop.run(outgoing.close())


def answering(status: int, body: object) -> Callable[[Received], Answer]:
    return lambda _request: (status, {}, json.dumps(body).encode())


def a_call(retry: bool = True, **config: Any) -> Document:
    wanted = {"method": "POST", "url": "http://api.shop.example/{{chat_id}}", "headers": {"Authorization": SECRET}}
    parts = {"next": "told", **({"retry": "sorry"} if retry else {})}
    return a_step("call", "http", {**wanted, "save": {"saldo": "data[0].balance"}, **config}, **parts)


def ana_calls(step: Document | None = None) -> Person:
    ana = Person(
        make_flow_bot(
            a_flow(
                [
                    step or a_call(),
                    a_question("told", "Seu saldo: {{saldo}}", next="bye"),
                    a_question("sorry", "Tente mais tarde?", next="bye"),
                    an_access("bye"),
                ]
            )
        )
    )
    ana.start()
    drain()
    return ana


def relay(times: int = 1) -> None:
    """The outbox's next `times` looks, each with everything due."""
    for _ in range(times):
        OutboxMessage.unscoped.filter(topic="http.call", state="new").update(due_at=timezone.now() - timedelta(1))
        run_once(Queue.OUTBOX)
    drain()


def the_call() -> OutboxMessage:
    return OutboxMessage.unscoped.get(topic="http.call")


def failure_of(ana: Person) -> str:
    entry = next(row for row in ana.timeline_rows() if row.kind == "http_failed")
    return str(entry.data["code"])


def test_the_answer_is_kept_and_the_run_goes_on(shop: WebServer) -> None:
    shop.answer = answering(200, {"data": [{"balance": 12.5}]})
    ana = ana_calls()
    relay()
    assert (ana.top.step_id, ana.texts[-1]) == ("told", "Seu saldo: 12.5")
    (request,) = shop.received
    assert (request.method, request.path) == ("POST", f"/{ana.telegram_user_id}")
    assert request.headers["Authorization"] == SECRET
    assert request.headers["Idempotency-Key"] == the_call().key
    assert "Trilho-Test" not in request.headers
    assert (the_call().state, the_call().result) == ("done", {"outcome": "ok", "status": 200})


def test_no_secret_is_in_the_timeline_or_in_what_is_logged(shop: WebServer, capsys: Any, caplog: Any) -> None:
    ana = ana_calls()
    relay()
    assert SECRET not in json.dumps([row.data for row in ana.timeline_rows()])
    shown = capsys.readouterr()
    assert SECRET not in shown.out + shown.err + caplog.text


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (answering(404, {}), "status"),
        (lambda _request: (200, {}, b"<html>"), "unreadable"),
        (lambda _request: (200, {}, b"[" * 200_000), "unreadable"),
        (lambda _request: (302, {"Location": "http://169.254.169.254/"}, b""), "status"),
        (lambda _request: (200, {}, b" " * (outgoing.LARGEST_ANSWER + 1)), "too_large"),
        (answering(503, {}), "status"),
        (lambda _request: None, "connection_lost"),
    ],
)
def test_a_post_that_fails_is_made_once_and_takes_retry(shop: WebServer, answer: Any, code: str) -> None:
    shop.answer = answer
    ana = ana_calls()
    relay(times=3)
    assert (ana.top.step_id, len(shop.received), failure_of(ana)) == ("sorry", 1, code)


def test_without_retry_the_run_stands_and_the_team_is_told(shop: WebServer) -> None:
    shop.answer = answering(500, {})
    ana = ana_calls(a_call(retry=False))
    relay()
    assert (ana.top.step_id, ana.top.status, ana.top.parked) == ("call", "active", "http_failed")
    assert ana.conversation.attention is True
    assert [timer.state for timer in ana.timers] == ["void"]


@pytest.mark.parametrize("wanted", [{"method": "GET"}, {"safe_to_repeat": True}])
def test_what_is_safe_to_repeat_is_asked_three_times(shop: WebServer, wanted: Document) -> None:
    statuses = iter([503, 502, 200])
    shop.answer = lambda _request: (next(statuses), {}, b'{"data": [{"balance": 1}]}')
    ana = ana_calls(a_call(**wanted))
    relay(times=3)
    assert (ana.top.step_id, len(shop.received)) == ("told", 3)
    assert len({request.headers["Idempotency-Key"] for request in shop.received}) == 1


def test_after_three_times_it_is_given_up(shop: WebServer) -> None:
    shop.answer = answering(503, {})
    ana = ana_calls(a_call(method="GET"))
    relay(times=5)
    assert (ana.top.step_id, len(shop.received)) == ("sorry", 3)


def lose_the_worker() -> None:
    """It claimed the call, and nobody knows what it did with it."""
    OutboxMessage.unscoped.filter(topic="http.call").update(
        state="leased", attempts=1, lease_until=timezone.now() - timedelta(seconds=1), claim_token=the_call().pk,
        claimed_at=timezone.now(),
    )  # fmt: skip
    reclaim(Queue.OUTBOX, once=())


def test_a_post_whose_worker_was_lost_is_not_made_again(shop: WebServer) -> None:
    ana = ana_calls()
    lose_the_worker()
    relay()
    assert (shop.received, ana.top.step_id, failure_of(ana)) == ([], "sorry", "unknown")


def test_a_get_whose_worker_was_lost_is_made_again(shop: WebServer) -> None:
    shop.answer = answering(200, {"data": [{"balance": 3}]})
    ana = ana_calls(a_call(method="GET"))
    lose_the_worker()
    relay()
    assert (len(shop.received), ana.top.step_id) == (1, "told")


def test_a_post_that_did_not_leave_is_tried_again(shop: WebServer, monkeypatch: Any) -> None:
    ana = ana_calls()
    nobody = Names({})
    with monkeypatch.context() as patched:
        patched.setattr(outgoing, "look_up", nobody.look_up)
        relay(times=2)
        assert (the_call().state, the_call().attempts) == ("new", 0)
    relay()
    assert (len(nobody.asked), len(shop.received), ana.top.step_id) == (2, 1, "told")


def test_an_answer_that_comes_too_late_is_nothing(shop: WebServer) -> None:
    ana = ana_calls()
    with_answer = ana.top
    from_team = ana.happen_resumed(with_answer, "told")
    assert from_team
    relay()
    assert (ana.top.step_id, ana.inbox[-1].error) == ("told", "not_awaited")


def test_a_call_that_expired_is_not_made_and_its_run_learns_of_it(shop: WebServer) -> None:
    ana = ana_calls()
    OutboxMessage.unscoped.filter(topic="http.call").update(expires_at=timezone.now() - timedelta(seconds=1))
    relay()
    assert (shop.received, ana.top.step_id, failure_of(ana)) == ([], "sorry", "no_answer")


def test_a_private_address_is_refused_without_a_second_try(shop: WebServer, settings: Any) -> None:
    settings.OUTGOING_PRIVATE_NETWORKS = ()
    ana = ana_calls(a_call(method="GET"))
    relay(times=2)
    assert (shop.received, ana.top.step_id, failure_of(ana)) == ([], "sorry", "address_refused")


def test_a_dead_host_is_not_asked_for_a_while_by_this_organization_alone(shop: WebServer) -> None:
    shop.answer = answering(500, {})
    bot = make_flow_bot(
        a_flow([a_call(), a_question("sorry", next="bye"), a_question("told", next="bye"), an_access("bye")])
    )
    for _ in range(http.FAILURES + 2):
        Person(bot).start()
    drain()
    relay(times=2)
    assert len(shop.received) == http.FAILURES
    other = ana_calls()
    relay()
    assert (len(shop.received), failure_of(other)) == (http.FAILURES + 1, "status")


def test_one_organization_takes_its_share_and_no_more(shop: WebServer, monkeypatch: Any) -> None:
    monkeypatch.setattr(http, "IN_FLIGHT_OF_ONE", 0)
    ana = ana_calls()
    relay(times=3)
    assert (shop.received, the_call().state, the_call().attempts) == ([], "new", 0)
    assert ana.top.step_id == "call"


def test_a_test_chat_says_that_it_is_one(shop: WebServer) -> None:
    ana_calls()
    row = the_call()
    OutboxMessage.unscoped.filter(pk=row.pk).update(payload={**row.payload, "channel": "simulator"})
    relay()
    assert shop.received[0].headers["Trilho-Test"] == "true"


def test_what_is_written_meanwhile_is_for_the_team(shop: WebServer) -> None:
    ana = ana_calls()
    Conversation.unscoped.update(attention=False)
    ana.say("alô?")
    drain()
    assert (ana.top.step_id, ana.conversation.attention) == ("call", True)
