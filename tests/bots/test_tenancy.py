"""Scopes, and managers that refuse to work without one."""

import pytest
from django import forms
from django.db import DataError, connection, transaction

from bots.models import Bot, Contact
from bots.models.base import TenantModel
from bots.tenancy import (
    ScopeBreached,
    ScopeMissing,
    current_organization_id,
    no_scope,
    organization_scope,
    scoped_transaction,
    staff_scope,
)
from tests.factories.bots import make_bot, make_contact
from tests.support.tenancy import Tenant, make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def ours() -> Tenant:
    return make_tenant()


@pytest.fixture
def theirs() -> Tenant:
    return make_tenant()


class BotChoice(forms.Form):
    """Made when the module is imported, with no scope anywhere."""

    bot = forms.ModelChoiceField(Bot.objects.all())


def database_settings() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(current_setting('trilho.organization', true), ''),"
            " coalesce(current_setting('trilho.staff', true), '')"
        )
        organization, staff = cursor.fetchone()
    return organization, staff


@pytest.mark.parametrize(
    "use",
    [
        lambda: Bot.objects.all().count(),
        lambda: list(Bot.objects.all()),
        lambda: Bot.objects.filter(name="x"),
        lambda: Bot.objects.get(name="x"),
        lambda: Bot.objects.create(name="x"),
        lambda: Bot.objects.update(name="x"),
        lambda: Bot.objects.all().delete(),
        lambda: Bot.objects.all().exists(),
        lambda: Bot.objects.values_list("name"),
        lambda: Bot.objects.bulk_create([Bot(name="x")]),
        lambda: Bot.objects.all().select_for_update(),
        lambda: bool(Bot.objects.all()),
        lambda: Bot.objects.all()[0],
        lambda: Bot.objects.none() or Bot.objects.all().first(),
        current_organization_id,
    ],
)
def test_refuses_to_work_without_a_scope(use) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ScopeMissing):
        use()


def test_sees_one_organization_in_its_scope(ours: Tenant, theirs: Tenant) -> None:
    with organization_scope(ours.organization.pk):
        assert list(Bot.objects.all()) == [ours.bot]
        assert not Bot.objects.filter(pk=theirs.bot.pk).exists()
        assert current_organization_id() == ours.organization.pk


def test_a_reverse_relation_stays_in_the_scope(ours: Tenant, theirs: Tenant) -> None:
    with organization_scope(theirs.organization.pk):
        assert not Contact.objects.filter(bot=ours.bot).exists()


def test_staff_and_many_organization_code_see_all(ours: Tenant, theirs: Tenant) -> None:
    with staff_scope():
        assert Bot.objects.count() == 2
    with no_scope(reason="test"):
        assert Bot.objects.count() == 2
        with pytest.raises(ScopeMissing):
            current_organization_id()


def test_a_form_made_without_a_scope_offers_only_the_scope_it_is_used_in(ours: Tenant, theirs: Tenant) -> None:
    with organization_scope(ours.organization.pk):
        assert BotChoice({"bot": str(ours.bot.pk)}).is_valid()
        assert not BotChoice({"bot": str(theirs.bot.pk)}).is_valid()
        assert list(BotChoice().fields["bot"].queryset) == [ours.bot]  # type: ignore[attr-defined]


def test_refuses_to_write_a_row_of_another_organization(ours: Tenant, theirs: Tenant) -> None:
    with organization_scope(ours.organization.pk):
        theirs.bot.name = "Stolen"
        with pytest.raises(ScopeBreached):
            theirs.bot.save()
    theirs.bot.refresh_from_db()
    assert theirs.bot.name == "Loja da Ana"


def test_scopes_nest_and_end(ours: Tenant, theirs: Tenant) -> None:
    with organization_scope(ours.organization.pk):
        with organization_scope(theirs.organization.pk):
            assert current_organization_id() == theirs.organization.pk
        assert current_organization_id() == ours.organization.pk
    with pytest.raises(ScopeMissing):
        current_organization_id()


def test_tells_the_database_inside_a_transaction(ours: Tenant, theirs: Tenant) -> None:
    with organization_scope(ours.organization.pk):
        assert database_settings() == (str(ours.organization.pk), "")
        with staff_scope():
            assert database_settings() == ("", "on")
        assert database_settings() == (str(ours.organization.pk), "")
    assert database_settings() == ("", "")


@pytest.mark.django_db(transaction=True)
def test_what_the_database_was_told_ends_with_the_transaction() -> None:
    tenant = make_tenant()
    with organization_scope(tenant.organization.pk):
        assert database_settings() == ("", "")
        with scoped_transaction():
            assert database_settings() == (str(tenant.organization.pk), "")
        assert database_settings() == ("", "")


@pytest.mark.django_db(transaction=True)
def test_a_failing_statement_does_not_hide_its_error_behind_the_scopes_end() -> None:
    tenant = make_tenant()
    with pytest.raises(DataError), transaction.atomic(), organization_scope(tenant.organization.pk):
        Bot.objects.extra(where=["1 / (length(name) - length(name)) = 1"]).exists()
    assert database_settings() == ("", "")


def test_following_a_key_from_a_row_at_hand_needs_no_scope(ours: Tenant) -> None:
    contact = Contact.unscoped.get(pk=ours.contact.pk)
    assert contact.bot == ours.bot


def test_every_tenant_model_has_both_managers() -> None:
    for model in (Bot, Contact):
        assert issubclass(model, TenantModel)
        assert model._default_manager.name == "objects"
        assert model._base_manager.name == "unscoped"


def test_factories_work_in_any_scope(ours: Tenant) -> None:
    contact = make_contact(bot=make_bot())
    assert contact.organization == contact.bot.organization
