"""Every call of the REST API: works, and for whom it does not. A call without a row here fails."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, reverse
from django.utils import timezone

from bots.api.v1 import urls as bots_urls
from bots.ids import uuid7
from bots.models import ApiKey, ConnectedChat
from bots.permissions import ApiScope
from flows.api.v1 import urls as flows_urls
from payments.api.v1 import urls as payments_urls
from payments.domain.events import EventSource
from payments.domain.states import Notice, PaymentStatus
from payments.models import Grant, Place
from payments.services import apply_notice
from tests.factories.bots import make_organization
from tests.factories.flows import Person
from tests.factories.payments import charge, second_contact
from tests.support.conversation_tests import STILL_UNPAID, WRONG_THREE_TIMES
from tests.support.flows import a_flow, sales_flow
from tests.support.pages import World, an_event_set_aside, make_world
from tests.support.partner import NOTHING, Partner, answer, make_partner, refusal

pytestmark = pytest.mark.django_db

TOKEN = "7000001:AAH-only-for-tests-only-for-tests-only-1"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Call:
    """How it is called, which scope it needs, what its answer is; `of`: the row whose id stands in the address."""

    status: int
    scope: ApiScope
    of: str | None = None
    body: Any = NOTHING
    needs_etag: bool = False
    is_upload: bool = False
    is_document: bool = False

    @property
    def takes_fields(self) -> bool:
        """Whether the body is fields of ours, not a document."""
        return isinstance(self.body, dict) and not self.needs_etag and not self.is_document


CALLS: dict[tuple[str, str], Call] = {
    ("GET", "api-bots"): Call(200, ApiScope.BOTS_READ),
    # There is no Telegram here: it says so, and nothing else.
    ("POST", "api-bots"): Call(503, ApiScope.BOTS_WRITE, body={"token": TOKEN}),
    ("GET", "api-bot"): Call(200, ApiScope.BOTS_READ, of="bot"),
    ("PATCH", "api-bot"): Call(200, ApiScope.BOTS_WRITE, of="bot", body={"name": "Novo nome"}),
    ("GET", "api-flows"): Call(200, ApiScope.FLOWS_READ),
    ("POST", "api-flows"): Call(
        201, ApiScope.FLOWS_WRITE, body={"bot": "<bot>", "name": "Outro", "definition": a_flow()}
    ),
    ("POST", "api-flow-import"): Call(201, ApiScope.FLOWS_WRITE, body={"bot": "<bot>", "document": a_flow()}),
    ("GET", "api-flow-export"): Call(200, ApiScope.FLOWS_READ, of="flow"),
    ("GET", "api-flow-templates"): Call(200, ApiScope.FLOWS_READ),
    ("GET", "api-flow"): Call(200, ApiScope.FLOWS_READ, of="flow"),
    ("GET", "api-flow-draft"): Call(200, ApiScope.FLOWS_READ, of="flow"),
    ("PUT", "api-flow-draft"): Call(200, ApiScope.FLOWS_WRITE, of="flow", body=sales_flow(), needs_etag=True),
    ("POST", "api-flow-validate"): Call(200, ApiScope.FLOWS_WRITE, of="flow"),
    ("POST", "api-flow-publish"): Call(201, ApiScope.FLOWS_WRITE, of="flow", body={}),
    ("GET", "api-flow-impact"): Call(200, ApiScope.FLOWS_READ, of="flow"),
    ("GET", "api-flow-difference"): Call(200, ApiScope.FLOWS_READ, of="flow"),
    ("PATCH", "api-flow"): Call(200, ApiScope.FLOWS_WRITE, of="flow", body={"closed": False}),
    ("GET", "api-flow-versions"): Call(200, ApiScope.FLOWS_READ, of="flow"),
    ("POST", "api-flow-restore"): Call(200, ApiScope.FLOWS_WRITE, of="flow"),
    ("GET", "api-assets"): Call(200, ApiScope.FLOWS_READ),
    ("POST", "api-assets"): Call(201, ApiScope.FLOWS_WRITE, is_upload=True),
    ("GET", "api-asset"): Call(200, ApiScope.FLOWS_READ, of="asset"),
    ("DELETE", "api-asset"): Call(204, ApiScope.FLOWS_WRITE, of="asset"),
    ("GET", "api-flow-tests"): Call(200, ApiScope.FLOWS_READ, of="flow"),
    ("POST", "api-flow-tests"): Call(201, ApiScope.FLOWS_WRITE, of="flow", body=WRONG_THREE_TIMES, is_document=True),
    ("POST", "api-flow-tests-run"): Call(200, ApiScope.FLOWS_WRITE, of="flow", body={}),
    ("GET", "api-flow-test"): Call(200, ApiScope.FLOWS_READ, of="flow"),
    ("PUT", "api-flow-test"): Call(200, ApiScope.FLOWS_WRITE, of="flow", body=STILL_UNPAID, is_document=True),
    ("DELETE", "api-flow-test"): Call(204, ApiScope.FLOWS_WRITE, of="flow"),
    ("GET", "api-contacts"): Call(200, ApiScope.CONTACTS_READ),
    ("GET", "api-contact"): Call(200, ApiScope.CONTACTS_READ, of="contact"),
    ("GET", "api-runs"): Call(200, ApiScope.RUNS_READ),
    ("POST", "api-runs"): Call(202, ApiScope.RUNS_WRITE, body={"contact": "<contact>", "flow": "<flow>"}),
    ("GET", "api-run"): Call(200, ApiScope.RUNS_READ, of="run"),
    ("GET", "api-run-events"): Call(200, ApiScope.RUNS_READ, of="run"),
    ("POST", "api-run-resume"): Call(202, ApiScope.RUNS_WRITE, of="run"),
    ("POST", "api-run-move"): Call(202, ApiScope.RUNS_WRITE, of="run", body={"step": "menu"}),
    ("POST", "api-run-close"): Call(202, ApiScope.RUNS_WRITE, of="run", body={"reason": "asked"}),
    ("GET", "api-standing"): Call(200, ApiScope.RUNS_READ),
    ("POST", "api-standing-retry"): Call(202, ApiScope.RUNS_WRITE, of="item"),
    ("POST", "api-standing-dismiss"): Call(202, ApiScope.RUNS_WRITE, of="other_item"),
    ("GET", "api-payments"): Call(200, ApiScope.PAYMENTS_READ),
    ("GET", "api-payment"): Call(200, ApiScope.PAYMENTS_READ, of="payment"),
    ("POST", "api-payment-refund"): Call(202, ApiScope.PAYMENTS_WRITE, of="paid_payment", body={}),
    ("GET", "api-gateway-accounts"): Call(200, ApiScope.GATEWAYS_READ),
    # There is no gateway here either.
    ("POST", "api-gateway-accounts"): Call(
        503,
        ApiScope.GATEWAYS_WRITE,
        body={
            "gateway": "woovi",
            "name": "Woovi",
            "credentials": {"app_id": "only-for-tests", "environment": "production"},
        },
    ),
    ("GET", "api-gateway-account"): Call(200, ApiScope.GATEWAYS_READ, of="account"),
    ("PATCH", "api-gateway-account"): Call(200, ApiScope.GATEWAYS_WRITE, of="account", body={"name": "Outra"}),
    ("DELETE", "api-gateway-account"): Call(204, ApiScope.GATEWAYS_WRITE, of="account"),
    ("POST", "api-gateway-account-test"): Call(200, ApiScope.GATEWAYS_WRITE, of="account"),
    ("GET", "api-bot-gateway-accounts"): Call(200, ApiScope.GATEWAYS_READ, of="bot"),
    ("PUT", "api-bot-gateway-accounts"): Call(200, ApiScope.GATEWAYS_WRITE, of="bot", body={"accounts": ["<account>"]}),
    ("GET", "api-grants"): Call(200, ApiScope.PAYMENTS_READ),
    ("POST", "api-grants"): Call(
        201, ApiScope.PAYMENTS_WRITE, body={"contact": "<contact>", "text": "Bem-vindo!", "reason": "a gift"}
    ),
    ("POST", "api-grant-move"): Call(
        200, ApiScope.PAYMENTS_WRITE, of="grant", body={"contact": "<other_contact>", "reason": "a new phone"}
    ),
    ("POST", "api-grant-extend"): Call(
        200, ApiScope.PAYMENTS_WRITE, of="grant", body={"days": 7, "reason": "was away"}
    ),
    ("GET", "api-chats"): Call(200, ApiScope.BOTS_READ),
    ("GET", "api-chat"): Call(200, ApiScope.BOTS_READ, of="chat"),
    ("PATCH", "api-chat"): Call(200, ApiScope.BOTS_WRITE, of="chat", body={"another_links": 1}),
    ("POST", "api-chat-keep"): Call(
        200, ApiScope.PAYMENTS_WRITE, of="chat", body={"telegram_user_id": 700100900, "reason": "moderates"}
    ),
    ("POST", "api-chat-keep-end"): Call(
        200, ApiScope.PAYMENTS_WRITE, of="kept_chat", body={"telegram_user_id": 700100901, "reason": "left the team"}
    ),
    ("GET", "api-places"): Call(200, ApiScope.PAYMENTS_READ),
    ("GET", "api-places-outside"): Call(200, ApiScope.PAYMENTS_READ),
    ("GET", "api-places-leaving"): Call(200, ApiScope.PAYMENTS_READ),
    ("POST", "api-place-link"): Call(202, ApiScope.PAYMENTS_WRITE, of="place"),
    ("POST", "api-place-undo"): Call(201, ApiScope.PAYMENTS_WRITE, of="removed_place", body={"reason": "by mistake"}),
    ("POST", "api-grant-take-back"): Call(200, ApiScope.PAYMENTS_WRITE, of="grant", body={"reason": "asked for it"}),
    ("DELETE", "api-flow"): Call(204, ApiScope.FLOWS_WRITE, of="flow"),
}
PATTERNS: dict[str, URLPattern] = {
    str(pattern.name): pattern for module in (bots_urls, flows_urls, payments_urls) for pattern in module.urlpatterns
}
NAMES = [f"{method} {name}" for method, name in CALLS]


def a_paid_charge(world: World) -> UUID:
    payment = charge(second_contact(world.shop)).payment
    apply_notice(payment.pk, Notice(PaymentStatus.PAID), source=EventSource.WEBHOOK)
    return payment.pk


def a_chat_that_keeps(world: World, telegram_user_id: int) -> UUID:
    chat = ConnectedChat.unscoped.create(
        organization=world.organization,
        bot=world.shop.bot,
        telegram_id=-1_009,
        kind="channel",
        allow_list=[telegram_user_id],
    )
    return chat.pk


def a_place_put_out(world: World) -> UUID:
    """Somebody whose access is over."""
    place = Place.unscoped.get(pk=world.place.pk)
    place.pk, place.telegram_user_id = uuid7(), 700_100_902
    place.removed_at = place.left_at = timezone.now()
    Place.unscoped.bulk_create([place])
    grant = Grant.unscoped.get(content_key=f"chat:{place.chat_id}")
    grant.pk, grant.telegram_user_id, grant.revoked_at = uuid7(), 700_100_902, timezone.now()
    grant.run_id = uuid7()
    Grant.unscoped.bulk_create([grant])
    return place.pk


def rows_of(world: World) -> dict[str, Any]:
    sale = charge(world.shop)
    return {
        "bot": world.shop.bot.pk,
        "account": world.shop.account.pk,
        "flow": world.flow.pk,
        "contact": world.shop.contact.pk,
        "run": world.run.pk,
        "payment": sale.payment.pk,
        "paid_payment": a_paid_charge(world),
        "item": world.standing.pk,
        "other_item": an_event_set_aside(Person(world.shop.bot)).pk,
        "asset": world.asset.pk,
        "grant": world.grant.pk,
        "other_contact": second_contact(world.shop).contact.pk,
        "chat": world.place.chat_id,
        "kept_chat": a_chat_that_keeps(world, 700100901),
        "place": world.place.pk,
        "removed_place": a_place_put_out(world),
        "test": world.saved_test.pk,
    }


def address(name: str, rows: dict[str, Any], call: Call) -> str:
    values = {"pk": rows.get(call.of or ""), "number": 1, "test_id": rows["test"]}
    return reverse(name, kwargs={key: values[key] for key in PATTERNS[name].pattern.converters})


def filled(body: Any, rows: dict[str, Any]) -> Any:
    if not isinstance(body, dict):
        return body

    def of_row(value: Any) -> Any:
        if isinstance(value, list):
            return [of_row(one) for one in value]
        return str(rows[value.strip("<>")]) if isinstance(value, str) and value.startswith("<") else value

    return {name: of_row(value) for name, value in body.items()}


def headers_of(call: Call) -> dict[str, str]:
    return {"If_Match": '"1"'} if call.needs_etag else {}


def ask(partner: Partner, key: tuple[str, str], rows: dict[str, Any]) -> Any:
    call = CALLS[key]
    if call.is_upload:
        return partner.upload(address(key[1], rows, call), "novo.pdf", b"%PDF-1.7")
    return partner.call(key[0], address(key[1], rows, call), filled(call.body, rows), **headers_of(call))


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


@pytest.fixture
def rows(world: World) -> dict[str, Any]:
    return rows_of(world)


@pytest.fixture
def anybody() -> dict[str, Any]:
    """Ids that nobody has: who is not let in learns nothing of them."""
    return {
        name: uuid4()
        for name in (
            *("bot", "flow", "contact", "run", "payment", "paid_payment"),
            *("asset", "test", "item", "other_item", "grant", "account"),
            *("other_contact", "chat", "kept_chat", "place", "removed_place"),
        )
    }


@pytest.fixture(autouse=True)
def no_telegram(settings: Any) -> None:
    settings.TELEGRAM_API_BASE_URL = settings.WOOVI_API_BASE_URL = "http://127.0.0.1:9"


def test_every_call_has_its_row() -> None:
    there = {
        (method, name)
        for name, pattern in PATTERNS.items()
        for method in METHODS
        if hasattr(pattern.callback.view_class, method.lower())  # type: ignore[attr-defined]
    }
    assert set(CALLS) == there


def test_each_call_works_with_its_scope_alone(world: World, rows: dict[str, Any]) -> None:
    answers = {}
    for key, call in CALLS.items():
        response = ask(make_partner(world.organization, [call.scope]), key, rows)
        assert response["Cache-Control"] == "no-store"
        answers[key] = response.status_code
    assert answers == {key: call.status for key, call in CALLS.items()}


def test_a_write_scope_reads_too(world: World, rows: dict[str, Any]) -> None:
    writers = {
        "bots": ApiScope.BOTS_WRITE,
        "flows": ApiScope.FLOWS_WRITE,
        "runs": ApiScope.RUNS_WRITE,
        "payments": ApiScope.PAYMENTS_WRITE,
        "gateways": ApiScope.GATEWAYS_WRITE,
    }
    for key, call in CALLS.items():
        subject, _colon, act = call.scope.value.partition(":")
        if act == "read" and subject in writers:
            assert ask(make_partner(world.organization, [writers[subject]]), key, rows).status_code == 200, key


@pytest.mark.parametrize("key", list(CALLS), ids=NAMES)
def test_another_scope_is_not_enough(key: tuple[str, str], anybody: dict[str, Any]) -> None:
    world_scopes = [scope for scope in ApiScope if not _serves(scope, CALLS[key].scope)]
    partner = make_partner(make_organization(), world_scopes)
    assert refusal(ask(partner, key, anybody))["code"] == "permission_denied"
    assert ask(partner, key, anybody).status_code == 403


@pytest.mark.parametrize("key", list(CALLS), ids=NAMES)
def test_without_a_usable_key_nobody_is_let_in(key: tuple[str, str], anybody: dict[str, Any]) -> None:
    organization = make_organization()
    revoked, expired = make_partner(organization), make_partner(organization)
    assert revoked.key
    assert expired.key
    ApiKey.unscoped.filter(pk=revoked.key.pk).update(revoked_at=timezone.now())
    ApiKey.unscoped.filter(pk=expired.key.pk).update(expires_at=timezone.now())
    for stranger, code in [
        (Partner(None), "not_authenticated"),
        (Partner("trl_00000000_guessed"), "authentication_failed"),
        (revoked, "authentication_failed"),
        (expired, "authentication_failed"),
    ]:
        response = ask(stranger, key, anybody)
        assert refusal(response)["code"] == code
        assert response.status_code == 401
        assert response["WWW-Authenticate"] == "Bearer"


def test_a_members_session_opens_nothing(world: World, rows: dict[str, Any]) -> None:
    client = Client()
    client.force_login(world.owner, backend="django.contrib.auth.backends.ModelBackend")
    for key in CALLS:
        assert ask(Partner(None, client=client), key, rows).status_code == 401, key


def test_ids_of_another_organization_and_of_nobody_are_not_there(
    world: World, rows: dict[str, Any], anybody: dict[str, Any]
) -> None:
    stranger = make_partner(make_world("Outra").organization)
    for key, call in CALLS.items():
        if call.of or (isinstance(call.body, dict) and "<" in str(call.body)):
            for ids in (rows, anybody):
                response = ask(stranger, key, ids)
                assert (key, response.status_code) == (key, 404)
                refusal(response)


def test_what_is_no_id_is_not_there(world: World) -> None:
    partner = make_partner(world.organization)
    for (method, name), call in CALLS.items():
        if call.of:
            path = "/api/v1/" + str(PATTERNS[name].pattern).replace("<uuid:pk>", "x").replace(
                "<int:number>", "x"
            ).replace("<uuid:test_id>", "x")
            assert refusal(partner.call(method, path, call.body))["code"] == "not_found"


def test_other_methods_are_refused(world: World, rows: dict[str, Any]) -> None:
    partner = make_partner(world.organization)
    for name in PATTERNS:
        known = {method for method, known in CALLS if known == name}
        call = CALLS[next(iter(known)), name]
        for method in {*METHODS, "OPTIONS"} - known:
            response = partner.call(method, address(name, rows, call), {})
            assert (name, method, response.status_code) == (name, method, 405)
            assert refusal(response)["code"] == "method_not_allowed"


@pytest.mark.parametrize("key", [key for key, call in CALLS.items() if call.takes_fields], ids=str)
def test_an_unknown_field_is_refused(key: tuple[str, str], anybody: dict[str, Any]) -> None:
    call = CALLS[key]
    body = {**filled(call.body, anybody), "misspelt": 1}
    told = refusal(make_partner(make_organization()).call(key[0], address(key[1], anybody, call), body))
    assert told["status"] == 400
    assert {"field": "misspelt", "code": "unknown_field"}.items() <= told["errors"][0].items()


@pytest.mark.parametrize("key", [key for key, call in CALLS.items() if call.body is not NOTHING], ids=str)
def test_a_body_that_is_no_json_object_is_refused(key: tuple[str, str], anybody: dict[str, Any]) -> None:
    call = CALLS[key]
    partner = make_partner(make_organization())
    path = address(key[1], anybody, call)
    told = refusal(partner.call(key[0], path, raw="a=1", Content_Type="application/x-www-form-urlencoded"))
    assert (told["status"], told["code"]) in [(415, "unsupported_media_type"), (404, "flow_not_found")]
    for raw in ('["a"]', '"a"', "1", "{"):
        assert refusal(partner.call(key[0], path, raw=raw, **headers_of(call)))["status"] in (400, 404)


def test_keys_are_told_apart_from_what_is_written_around_them(world: World) -> None:
    partner = make_partner(world.organization)
    for header in (f"bearer {partner.secret}", f"Bearer   {partner.secret} "):
        assert answer(Partner(None).get("bots/", Authorization=header))["results"]
    for header in (f"Token {partner.secret}", f"Bearer {partner.secret} x", "Bearer", f"Bearer {'x' * 5000}", "é"):
        assert Partner(None).get("bots/", Authorization=header).status_code == 401, header


def _serves(held: ApiScope, needed: ApiScope) -> bool:
    return held.value.partition(":")[0] == needed.value.partition(":")[0] and (
        held is needed or held.value.endswith(":write")
    )
