"""Every table in the staff admin: listed, searched, opened, and changed only where it may be."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db import models
from django.test import Client
from django.urls import reverse

from bots.ids import uuid7
from bots.models import User
from bots.staff import ReadOnlyAdmin, StaffAdmin
from config.staff_menu import SUBJECTS
from payments.models import Order
from tests.factories.bots import make_user
from tests.support.everything import make_everything, our_models, rows_of
from tests.support.sql import recorded_sql

pytestmark = pytest.mark.django_db

# Django registers no composite keys, and it holds nothing that its event does not.
NOT_REGISTERED = {"flows.InboxKey"}
REGISTERED = [model for model in our_models() if model._meta.label not in NOT_REGISTERED]
SEARCHES = ("a", "Ana Souza", "'; --", "é%_\\", "0", "-1", str(uuid7()), "9" * 60, "ana@example.com")


@pytest.fixture
def staff() -> Client:
    return client_of(make_user(is_staff=True, is_superuser=True))


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(model: type[models.Model], what: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{what}", args=args)


def of(model: type[models.Model]) -> Any:
    return admin.site.get_model_admin(model)


def one_of(model: type[models.Model]) -> Any:
    return rows_of(model).first()


def read_only() -> Iterator[type[models.Model]]:
    return (model for model in REGISTERED if isinstance(of(model), ReadOnlyAdmin))


def test_every_table_of_ours_is_registered() -> None:
    registered = {model._meta.label for model in our_models() if admin.site.is_registered(model)}
    assert registered == {model._meta.label for model in REGISTERED}
    assert all(isinstance(of(model), StaffAdmin) for model in REGISTERED)
    assert all(of(model).search_fields for model in REGISTERED)


def test_every_registered_table_has_its_place_in_the_menu(staff: Client) -> None:
    placed = [label for tables in SUBJECTS.values() for label in tables]
    assert sorted(placed) == sorted(model._meta.label_lower for model in admin.site._registry)
    text = staff.get(reverse("admin:index")).content.decode()
    for label in placed:
        assert reverse(f"admin:{label.replace('.', '_')}_changelist") in text


def test_the_menu_holds_what_one_may_see(staff: Client) -> None:
    beginner = make_user(is_staff=True)
    beginner.user_permissions.add(Permission.objects.get(codename="view_order"))
    text = client_of(beginner).get(reverse("admin:index")).content.decode()
    assert page(Order, "changelist") in text
    assert page(User, "changelist") not in text


def test_every_registered_table_is_told_what_may_be_changed() -> None:
    editable = {model._meta.label for model in REGISTERED} - {model._meta.label for model in read_only()}
    assert editable == {
        "bots.User",
        "bots.Organization",
        "bots.Membership",
        "bots.Bot",
        "flows.Flow",
        "payments.GatewayAccount",
        "payments.BotGateway",
        "payments.MoneyRules",
    }


def test_every_list_shows_its_rows_and_is_searched(staff: Client) -> None:
    make_everything()
    for model in REGISTERED:
        answer = staff.get(page(model, "changelist"))
        assert answer.status_code == 200, model
        assert answer.context["cl"].result_count >= 1, model
        for text in SEARCHES:
            assert staff.get(page(model, "changelist"), {"q": text}).status_code == 200, (model, text)
        for column in range(1, len(of(model).list_display) + 1):
            assert staff.get(page(model, "changelist"), {"o": f"-{column}"}).status_code == 200, (model, column)


def test_every_list_can_be_filtered(staff: Client) -> None:
    make_everything()
    for model in REGISTERED:
        spec = staff.get(page(model, "changelist")).context["cl"].filter_specs
        for one in spec:
            choices = [
                choice["query_string"] for choice in one.choices(staff.get(page(model, "changelist")).context["cl"])
            ]
            for choice in choices[:3]:
                assert staff.get(page(model, "changelist") + choice).status_code == 200, (model, choice)


def test_a_list_costs_the_same_however_long_it_is(staff: Client) -> None:
    make_everything()
    costs = [cost_of_lists(staff)]
    make_everything("Outra")
    make_everything("Terceira")
    costs.append(cost_of_lists(staff))
    assert costs[0] == costs[1]


def cost_of_lists(staff: Client) -> dict[str, int]:
    costs = {}
    for model in REGISTERED:
        staff.get(page(model, "changelist"))
        with recorded_sql() as statements:
            staff.get(page(model, "changelist"))
        costs[model._meta.label] = len(statements)
    return costs


def test_every_row_opens(staff: Client) -> None:
    make_everything()
    for model in REGISTERED:
        row = one_of(model)
        answer = staff.get(page(model, "change", row.pk))
        assert answer.status_code == 200, model
        assert staff.get(page(model, "history", row.pk)).status_code == 200, model
        assert staff.get(page(model, "change", uuid7())).status_code == 302, model


def test_what_is_read_only_refuses_every_change(staff: Client) -> None:
    make_everything()
    for model in read_only():
        row = rows_of(model).values().first()
        key = one_of(model).pk
        for address in (page(model, "add"), page(model, "change", key), page(model, "delete", key)):
            assert staff.post(address, {"post": "yes"}).status_code == 403, address
        assert staff.get(page(model, "add")).status_code == 403
        deleting = {"action": "delete_selected", "_selected_action": str(key), "post": "yes"}
        staff.post(page(model, "changelist"), deleting)
        assert rows_of(model).values().first() == row, model


def test_secrets_are_on_no_page(staff: Client) -> None:
    everything = make_everything()
    account = everything.world.shop.account
    hidden = {
        "bots.ApiKey": [everything.world.key.key_hash],
        "bots.Bot": ["token_hash", "webhook_secret_hash"],
        "payments.GatewayAccount": ["credentials", account.webhook_secret or "webhook_secret"],
        "payments.Payment": ["00020126"],
        "payments.WebhookDelivery": ['name="body"'],
    }
    for model in REGISTERED:
        text = staff.get(page(model, "change", one_of(model).pk)).content.decode()
        for secret in hidden.get(model._meta.label, []):
            assert secret not in text, (model, secret)


def test_staff_without_rights_see_nothing_and_others_are_sent_away() -> None:
    everything = make_everything()
    beginner = client_of(make_user(is_staff=True))
    for model in REGISTERED:
        assert beginner.get(page(model, "changelist")).status_code == 403
        assert beginner.get(page(model, "change", one_of(model).pk)).status_code == 403
    assert client_of(everything.world.owner).get(reverse("admin:index")).status_code == 302
    assert Client().get(reverse("admin:index")).status_code == 302


def test_the_index_and_the_search_of_a_picker_work(staff: Client) -> None:
    make_everything("Alfa")
    index = staff.get(reverse("admin:index"))
    assert index.status_code == 200
    for app in ("bots", "outbox", "flows", "payments", "telegram_gateway"):
        assert staff.get(reverse("admin:app_list", args=[app])).status_code == 200
    found = staff.get(
        reverse("admin:autocomplete"),
        {"term": "Alfa", "app_label": "bots", "model_name": "membership", "field_name": "organization"},
    )
    assert [row["text"] for row in found.json()["results"]] == ["Alfa"]
