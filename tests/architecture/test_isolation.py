"""The walls between organizations, at every address and in every list.

The tests walk the tree of addresses, so a new one is covered by itself; one whose parameter nobody here knows fails.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from flows.models import Flow
from tests.factories.bots import make_membership
from tests.support.everything import Everything, make_everything, our_models, rows_of
from tests.support.pages import signed_in
from tests.support.partner import Partner, make_partner

pytestmark = pytest.mark.django_db

# What the API's ids may be of.
KINDS = (
    "bots.Bot",
    "bots.Contact",
    "flows.Flow",
    "flows.FlowVersion",
    "flows.Run",
    "flows.InboxEvent",
    "flows.Asset",
    "payments.Payment",
    "payments.GatewayAccount",
    "payments.Place",
    "bots.ConnectedChat",
    "payments.Grant",
    "payments.Order",
)
# A parameter of an address, as a converter or as a regular expression.
GAP = re.compile(r"\(\?P<\w+>[^)]*\)|<[^>]+>")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# Addresses whose parameters are no ids of an organization's rows, each for a reason.
NOT_OURS = {
    "admin/": "staff only: nobody else gets past its door, see below",
    "conta/": "a person's own account, in whichever organization",
    "telegram/": "Telegram's door: a secret beside the bot's public id, see its own tests",
    "payments/webhooks/": "the gateways' door: signed, and the charge is fetched again, see its own tests",
    "pagar/": "the buyer's page of a sandbox charge, by a token that nobody can guess",
}


@dataclass(frozen=True)
class Route:
    """One address with the names of its parameters."""

    path: str
    name: str
    parameters: tuple[str, ...]


def routes() -> list[Route]:
    return list(_walk(get_resolver().url_patterns, "", ()))


def _walk(patterns: Any, path: str, namespaces: tuple[str, ...]) -> Iterator[Route]:
    for pattern in patterns:
        here = path + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
            yield from _walk(pattern.url_patterns, here, inner)
        else:
            assert isinstance(pattern, URLPattern)
            names = tuple(pattern.pattern.converters) or tuple(pattern.pattern.regex.groupindex)
            yield Route(here, ":".join((*namespaces, pattern.name or "")), names)


def is_ours(route: Route) -> bool:
    return not route.path.startswith(tuple(NOT_OURS))


OURS = [route for route in routes() if is_ours(route)]
WITH_IDS = [route for route in OURS if route.parameters]
PLAIN = [route for route in OURS if not route.parameters and route.name != "api-nothing"]


@pytest.fixture(autouse=True)
def many_calls(settings: Any) -> None:
    settings.API_CALLS_PER_MINUTE = 1_000_000


@pytest.fixture
def theirs() -> Everything:
    return make_everything("Alheia")


@pytest.fixture
def ours(theirs: Everything) -> Everything:
    return make_everything("Nossa")


def known_ids(theirs: Everything) -> dict[str, list[Any]]:
    """For each name of a parameter, values of the other organization: of the row it means, or of any."""
    rows = theirs.ids()
    return {name: [value] for name, value in theirs.world.ids().items()} | {"pk": [rows[kind] for kind in KINDS]}


def addresses(route: Route, values: dict[str, list[Any]]) -> Iterator[str]:
    unknown = set(route.parameters) - set(values)
    assert not unknown, f"{route.path}: say in `World.ids` what {unknown} means"
    most = max(len(values[name]) for name in route.parameters)
    for place in range(most):
        yield reverse(route.name, kwargs={name: values[name][place % len(values[name])] for name in route.parameters})


def snapshot() -> dict[str, list[Any]]:
    """Every row of ours, but for when a key was last used."""
    kept = {}
    for model in our_models():
        fields = [field.attname for field in model._meta.concrete_fields if field.name != "last_used_at"]
        kept[model._meta.label] = sorted((row for row in rows_of(model).values_list(*fields)), key=repr)
    return kept


def test_every_address_that_is_not_walked_is_there() -> None:
    for prefix in NOT_OURS:
        assert any(route.path.startswith(prefix) for route in routes()), prefix
    assert {route.path for route in WITH_IDS if route.path.startswith("api/v1/")}
    assert len(WITH_IDS) > 20


def test_ids_of_another_organization_lead_nowhere_and_nothing_changes(theirs: Everything, ours: Everything) -> None:
    values = known_ids(theirs)
    member = signed_in(ours.world.owner)
    partner = make_partner(ours.world.organization)
    before = snapshot()
    for route in WITH_IDS:
        for address in addresses(route, values):
            for method in METHODS:
                if route.path.startswith("api/"):
                    status = partner.call(method, address, {}).status_code
                else:
                    status = member.generic(method, address, "").status_code
                assert status in (404, 405), (method, address, status)
            assert snapshot() == before, route.path


def test_their_own_ids_do_lead_somewhere(theirs: Everything) -> None:
    """The walk above would find nothing at addresses that never answer: its twin."""
    owner, partner = signed_in(theirs.world.owner), make_partner(theirs.world.organization)
    silent = {
        route.path
        for route in WITH_IDS
        if all(
            (
                partner.call(method, address, {})
                if route.path.startswith("api/")
                else owner.generic(method, address, "")
            ).status_code
            in (404, 405)
            for address in addresses(route, known_ids(theirs))
            for method in ("GET", "POST")
        )
    }
    assert silent == set()


def test_nothing_of_another_organization_is_in_any_list(theirs: Everything, ours: Everything) -> None:
    member, partner = signed_in(ours.world.owner), make_partner(ours.world.organization)
    secrets = theirs.all_ids() | {"Alheia"}
    seen = 0
    for route in PLAIN:
        address = reverse(route.name)
        for client in (member, partner):
            response = client.get(address)
            text = response.getvalue().decode()
            found = {secret for secret in secrets if secret in text}
            assert not found, (address, found)
            seen += any(own in text for own in ours.all_ids())
    assert seen >= 8


def test_filters_by_ids_of_another_organization_find_nothing(theirs: Everything, ours: Everything) -> None:
    member, partner = signed_in(ours.world.owner), make_partner(ours.world.organization)
    ids = {"bot": theirs.world.shop.bot.pk, "flow": theirs.world.flow.pk, "contact": theirs.world.shop.contact.pk}
    ids |= {"order": theirs.world.sale.order_id}
    for path, names in (
        ("contacts/", ["bot"]),
        ("flows/", ["bot"]),
        ("runs/", ["bot", "flow", "contact"]),
        ("payments/", ["bot", "contact"]),
        ("grants/", ["contact", "order"]),
    ):
        for name in names:
            assert partner.get(f"{path}?{name}={ids[name]}").json()["results"] == []
    for page in ("flow_list", "conversation_list"):
        response = member.get(reverse(page), {"bot": str(ids["bot"]), "busca": "Alheia"})
        assert str(theirs.world.flow.pk) not in response.content.decode()


def test_ids_of_another_organization_in_forms_change_nothing(theirs: Everything, ours: Everything) -> None:
    member = signed_in(ours.world.owner)
    before = snapshot()
    forms = [
        (reverse("flow_new"), {"bot": theirs.world.shop.bot.pk, "name": "x", "template": "sale"}),
        (
            reverse("bot_settings", args=[ours.world.shop.bot.pk]),
            {
                "active_flow": theirs.world.flow.pk,
                "welcome_message": "x",
                "main-TOTAL_FORMS": 0,
                "main-INITIAL_FORMS": 0,
                "redirect-TOTAL_FORMS": 0,
                "redirect-INITIAL_FORMS": 0,
            },
        ),
        (reverse("organization_switch"), {"organization": theirs.organization_id}),
    ]
    for address, data in forms:
        status = member.post(address, data).status_code
        assert status in (200, 404, 422), address
        assert snapshot() == before, address
    flow_id = str(theirs.world.flow.pk)
    assert member.get(reverse("today")).context["request"].organization == ours.world.organization
    assert Flow.unscoped.get(pk=flow_id).active is True


def test_a_person_of_two_organizations_sees_the_one_they_work_for(theirs: Everything, ours: Everything) -> None:
    make_membership(organization=theirs.world.organization, user=ours.world.owner)
    member = signed_in(ours.world.owner)
    addresses_of = {
        "theirs": reverse("flow_editor", args=[theirs.world.flow.pk]),
        "ours": reverse("flow_editor", args=[ours.world.flow.pk]),
    }
    for chosen, hidden in (("theirs", "ours"), ("ours", "theirs")):
        organization = {"theirs": theirs, "ours": ours}[chosen].organization_id
        assert member.post(reverse("organization_switch"), {"organization": organization}).status_code == 302
        assert member.get(addresses_of[chosen]).status_code == 200
        assert member.get(addresses_of[hidden]).status_code == 404


def test_a_key_is_of_its_organization_whatever_the_session_says(theirs: Everything, ours: Everything) -> None:
    partner = make_partner(ours.world.organization)
    mixed = Partner(partner.secret, client=signed_in(theirs.world.owner))
    assert mixed.get(f"flows/{theirs.world.flow.pk}/").status_code == 404
    assert mixed.get(f"flows/{ours.world.flow.pk}/").status_code == 200


def test_members_and_partners_do_not_get_past_the_staffs_door(ours: Everything) -> None:
    member, partner = signed_in(ours.world.owner), make_partner(ours.world.organization)
    open_to_all = {"admin:login", "admin:logout", "admin:jsi18n"}
    before = snapshot()
    for route in routes():
        if not route.path.startswith("admin/") or route.name in open_to_all:
            continue
        address = "/" + GAP.sub("bots", route.path).replace("^", "").replace("$", "")
        for client in (member, Client()):
            for method in ("GET", "POST"):
                response = client.generic(method, address, "")
                assert response.status_code in (302, 404, 405), (method, address, response.status_code)
                assert response.status_code != 302 or "login" in response["Location"], address
        assert partner.get(address).status_code in (302, 404, 405)
    assert snapshot() == before
