"""Whatever is sent to the API, the answer is no 5xx: bytes that are no JSON, and JSON that nothing can hold."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bots.models import Bot
from bots.tenancy import organization_scope
from flows.models import Flow
from tests.support.flows import a_flow, sales_flow
from tests.support.partner import Partner, make_partner
from tests.support.tenancy import Tenant, make_tenant

pytestmark = pytest.mark.django_db

BODIES: dict[str, bytes] = {
    "nothing": b"",
    "spaces": b"   ",
    "a NUL": b"\0",
    "no UTF-8": b'{"name": "\xff\xfe"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "cut short": b'{"name": ',
    "NaN": b'{"name": NaN}',
    "infinity": b'{"definition": {"allow_loops": -Infinity}}',
    "too large a number": b'{"definition": {"spec_version": 1e999}}',
    "a long number": b'{"definition": {"spec_version": ' + b"9" * 20_000 + b"}}",
    "beyond 64 bits": b'{"definition": {"spec_version": 123456789012345678901234567890}}',
    "a lone surrogate": b'{"name": "\\ud800", "definition": {"\\udfff": 1}}',
    "a NUL in text": b'{"name": "a\\u0000b", "token": "\\u0000", "note": "\\u0000", "welcome_message": "\\u0000"}',
    "a NUL in a definition": b'{"definition": {"welcome_message": "\\u0000", "\\u0000": "\\u0000"}}',
    "a NUL in buttons": b'{"main_buttons": [{"\\u0000": "\\u0000"}], "redirect_buttons": [{"text": "\\u0000"}]}',
    "deep arrays": b"[" * 100_000,
    "deep objects": b'{"definition":' * 50_000 + b"1" + b"}" * 50_000,
    "as deep as is read": b'{"definition": ' + b"[" * 1000 + b"]" * 1000 + b"}",
    "deep buttons": b'{"main_buttons": [{"text": ' + b"[" * 1000 + b"]" * 1000 + b"}]}",
    "the same key twice": b'{"name": "a", "name": 5}',
    "wide": b'{"definition": {"flow_steps": [' + b"{}," * 20_000 + b"{}]}}",
    "everything of the wrong type": json.dumps(
        {
            "name": {},
            "welcome_message": [],
            "main_buttons": "x",
            "redirect_buttons": {"0": 1},
            "flow_enabled": "maybe",
            "active_flow": 5,
            "definition": a_flow() | {"flow_steps": {"id": []}, "triggers": 0},
            "bot": [],
            "token": {},
            "contact": 0,
            "flow": None,
        }
    ).encode(),
}
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    # Larger whole ones come back from the database as integers.
    | st.floats(-1e6, 1e6)
    | st.text()
    | st.sampled_from(["\0", "menu", "payment", "buttons", "{{nome}}", "-1", "9" * 30]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["id", "type", "config", "conditions", "connections", "flow_steps", "text", "price", "next"]
            )
            | st.text(max_size=4),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@pytest.fixture
def tenant() -> Tenant:
    return make_tenant()


@pytest.fixture
def partner(tenant: Tenant, settings: Any) -> Partner:
    settings.TELEGRAM_API_BASE_URL = "http://127.0.0.1:9"
    return make_partner(tenant.organization)


@pytest.fixture
def flow(tenant: Tenant) -> Flow:
    with organization_scope(tenant.organization.pk):
        return Flow.objects.create(organization=tenant.organization, bot=tenant.bot, name="Venda", draft=sales_flow())


def writes(bot: Bot, flow: Flow) -> Iterator[tuple[str, str, dict[str, str]]]:
    yield "POST", "bots/", {}
    yield "PATCH", f"bots/{bot.pk}/", {}
    yield "POST", "flows/", {}
    yield "PUT", f"flows/{flow.pk}/draft/", {"If_Match": "*"}
    yield "POST", f"flows/{flow.pk}/validate/", {}
    yield "POST", f"flows/{flow.pk}/publish/", {}
    yield "POST", "runs/", {}


@pytest.mark.parametrize("body", list(BODIES.values()), ids=list(BODIES))
def test_no_body_breaks_anything(tenant: Tenant, partner: Partner, flow: Flow, body: bytes) -> None:
    for method, path, headers in writes(tenant.bot, flow):
        response = partner.call(method, path, raw=body, Idempotency_Key="a\x80", **headers)
        assert response.status_code < 500, (method, path, response.content[:300])
    for path in ("bots/", "flows/", f"flows/{flow.pk}/draft/"):
        assert partner.get(path).status_code == 200


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(value=JSON)
def test_no_json_breaks_anything(tenant: Tenant, partner: Partner, flow: Flow, value: Any) -> None:
    text = json.dumps(value)
    for raw in (text, json.dumps({"bot": str(tenant.bot.pk), "name": "x", "definition": value})):
        assert partner.call("POST", "flows/", raw=raw).status_code < 500
    put = partner.call("PUT", f"flows/{flow.pk}/draft/", raw=text, If_Match="*")
    assert put.status_code < 500
    if put.status_code == 200:
        assert partner.get(f"flows/{flow.pk}/draft/").json() == json.loads(text)
    for name in ("main_buttons", "redirect_buttons", "welcome_message", "name"):
        assert partner.call("PATCH", f"bots/{tenant.bot.pk}/", raw=json.dumps({name: value})).status_code < 500


@pytest.mark.parametrize(
    "headers",
    [
        {"Content_Type": "application/json; charset=no-such-thing"},
        {"Content_Type": "application/json; charset=utf-16"},
        {"Content_Type": ""},
        {"Content_Type": "multipart/form-data"},
        {"Content_Type": "multipart/form-data; boundary=x"},
        {"Accept": "*"},
        {"Accept": "application/json; q=x"},
        {"Accept_Language": "\x80"},
        {"Content_Encoding": "gzip"},
        {"If_Match": "\x80"},
        {"Idempotency_Key": "\x80\xff'; --"},
        {"X_HTTP_Method_Override": "DELETE"},
    ],
    ids=str,
)
def test_no_header_breaks_anything(tenant: Tenant, partner: Partner, flow: Flow, headers: dict[str, str]) -> None:
    for method, path, own in writes(tenant.bot, flow):
        response = partner.call(method, path, raw=b'{"name": "x"}', **(own | headers))
        assert response.status_code < 500 or "bots/" in path
    assert partner.get("bots/", **headers).status_code in (200, 406)
    assert Flow.unscoped.filter(pk=flow.pk, deleted_at=None).exists()
