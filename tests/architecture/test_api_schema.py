"""Requests made from the schema: whatever it allows or forbids, no server error, and answers as it says."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from bots.outbox.loop import outbox_loop
from bots.tenancy import organization_scope
from telegram_gateway import client
from tests.architecture.test_api_calls import CALLS, PATTERNS
from tests.factories.payments import charge
from tests.support.fake_telegram import FakeTelegram
from tests.support.flows import a_flow
from tests.support.pages import World, make_world
from tests.support.partner import make_partner

pytestmark = pytest.mark.django_db

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 12


@pytest.fixture
def telegram(settings: Any) -> Iterator[FakeTelegram]:
    with FakeTelegram() as fake:
        settings.TELEGRAM_API_BASE_URL = fake.url
        yield fake
        outbox_loop.run(client.close())


@pytest.fixture
def world(telegram: FakeTelegram) -> World:
    return make_world()


@pytest.fixture
def headers(world: World, settings: Any) -> dict[str, str]:
    settings.API_CALLS_PER_MINUTE = 1_000_000
    for gateway in (
        "MERCADOPAGO",
        "PUSHINPAY",
        "PUSHINPAY_SANDBOX",
        "WOOVI",
        "WOOVI_SANDBOX",
        "ASAAS",
        "ASAAS_SANDBOX",
    ):
        setattr(settings, f"{gateway}_API_BASE_URL", "http://127.0.0.1:9")
    return {"Authorization": f"Bearer {make_partner(world.organization).secret}"}


@pytest.fixture
def rows(world: World) -> dict[str, str]:
    """What half of all requests name, by the part of the address before its id."""
    with organization_scope(world.organization.pk):
        world.flow.draft = a_flow()
        world.flow.save()
    return {
        "bots": str(world.shop.bot.pk),
        "flows": str(world.flow.pk),
        "contacts": str(world.shop.contact.pk),
        "runs": str(world.run.pk),
        "payments": str(charge(world.shop).payment.pk),
        "tests": str(world.saved_test.pk),
        "assets": str(world.asset.pk),
        "grants": str(world.grant.pk),
        "chats": str(world.place.chat_id),
        "places": str(world.place.pk),
        "gateway-accounts": str(world.shop.account.pk),
        "standing-still": str(world.standing.pk),
    }


@pytest.fixture(scope="module")
def schema() -> BaseSchema:
    load_all_checks()
    made = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    described = schemathesis.openapi.from_dict(made)
    described.app = get_wsgi_application()
    return described


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """The end of a request closes no connection here, as in Django's own test client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize(("method", "name"), list(CALLS))
def test_answers_as_the_schema_says(
    method: str, name: str, schema: BaseSchema, headers: dict[str, str], rows: dict[str, str]
) -> None:
    operation = schema[path_of(name)][method]

    @settings(max_examples=EXAMPLES, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(), is_there=st.booleans())
    def ask(case: Any, is_there: bool) -> None:
        if is_there:
            name_what_is_there(case, rows)
        case.call_and_validate(headers=headers, checks=CHECKS)

    ask()


def name_what_is_there(case: Any, rows: dict[str, str]) -> None:
    if "id" in case.path_parameters:
        case.path_parameters["id"] = rows[case.path.split("/")[3]]
    if "test_id" in case.path_parameters:
        case.path_parameters["test_id"] = rows["tests"]
    if "If-Match" in case.headers:
        case.headers["If-Match"] = "*"
    if isinstance(case.body, dict):
        named = {"bot": "bots", "flow": "flows", "contact": "contacts"}
        case.body |= {field: rows[kind] for field, kind in named.items() if field in case.body}


def path_of(name: str) -> str:
    written = str(PATTERNS[name].pattern)
    for parameter, told in (("<uuid:pk>", "{id}"), ("<int:number>", "{number}"), ("<uuid:test_id>", "{test_id}")):
        written = written.replace(parameter, told)
    return f"/api/v1/{written}"
