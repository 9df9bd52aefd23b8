"""One transaction and one scope per request."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import include, path, resolve
from django.utils import timezone

from bots.middleware import ORGANIZATION_SESSION_KEY, TenantMiddleware
from bots.models import Bot, User
from bots.tenancy import Scope, ScopeKind, ScopeMissing, current_scope, no_transaction
from tests.factories.bots import make_membership, make_user
from tests.support.sql import expect_statements
from tests.support.tenancy import Tenant, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)

seen: dict[str, Any] = {}


def look(request: HttpRequest) -> HttpResponse:
    seen.update(
        scope=current_scope(),
        in_transaction=connection.in_atomic_block,
        organization=request.organization,  # type: ignore[attr-defined]
        membership=request.membership,  # type: ignore[attr-defined]
        time_zone=timezone.get_current_timezone_name(),
    )
    status = int(request.GET.get("status", 200))
    if "rename" in request.GET:
        Bot.objects.update(name=request.GET["rename"])
    return HttpResponse(status=status)


@no_transaction
def look_without_transaction(request: HttpRequest) -> HttpResponse:
    return look(request)


urlpatterns = [
    path("page/", look),
    path("webhook/", look_without_transaction),
    path("admin/", include(([path("", look, name="index")], "admin"))),
]


@pytest.fixture(autouse=True)
def our_urls(settings: object) -> Iterator[None]:
    settings.ROOT_URLCONF = __name__  # type: ignore[attr-defined]
    seen.clear()
    yield
    seen.clear()


@pytest.fixture
def shop() -> Tenant:
    return make_tenant()


def visit(address: str, user: User | None, *, organization: object = None) -> HttpResponse:
    request = RequestFactory().get(address)
    request.user = user or AnonymousUser()
    request.session = SessionStore()
    if organization is not None:
        request.session[ORGANIZATION_SESSION_KEY] = str(organization)

    def answer(request: HttpRequest) -> HttpResponse:
        match = resolve(request.path_info)
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        return response

    response = TenantMiddleware(answer)(request)
    assert isinstance(response, HttpResponse)
    return response


def test_a_member_works_in_their_organization_and_its_time_zone(shop: Tenant) -> None:
    shop.organization.time_zone = "America/Manaus"
    shop.organization.save()
    visit("/page/", shop.owner)
    assert seen["scope"] == Scope(ScopeKind.ORGANIZATION, shop.organization.pk)
    assert (seen["organization"], seen["in_transaction"]) == (shop.organization, True)
    assert seen["time_zone"] == "America/Manaus"
    assert current_scope() is None


def test_the_chosen_organization_counts_if_one_is_a_member_of_it(shop: Tenant) -> None:
    other, foreign = make_membership(user=shop.owner), make_tenant()
    visit("/page/", shop.owner, organization=other.organization.pk)
    assert seen["organization"] == other.organization
    for rubbish in (foreign.organization.pk, "rubbish", ""):
        visit("/page/", shop.owner, organization=rubbish)
        assert seen["organization"] == shop.organization


def test_a_stranger_has_no_scope_and_costs_no_statement() -> None:
    with expect_statements(0):
        visit("/page/", None)
        visit("/webhook/", None)
    assert (seen["scope"], seen["organization"], seen["membership"]) == (None, None, None)


def test_a_person_without_an_organization_has_no_scope() -> None:
    visit("/page/", make_user())
    assert seen["scope"] is None


def test_only_staff_in_their_admin_see_everything(shop: Tenant) -> None:
    staff = make_user(is_staff=True)
    scopes = []
    for address, person in (("/admin/", staff), ("/admin/", shop.owner), ("/page/", staff)):
        visit(address, person)
        scopes.append(seen["scope"])
    assert scopes == [Scope(ScopeKind.STAFF), None, None]


def test_a_marked_view_has_the_scope_without_the_transaction(shop: Tenant) -> None:
    visit("/webhook/", shop.owner)
    assert seen["scope"] == Scope(ScopeKind.ORGANIZATION, shop.organization.pk)
    assert seen["in_transaction"] is False


@pytest.mark.parametrize(("status", "name"), [(200, "Novo"), (302, "Novo"), (422, "Loja da Ana"), (500, "Loja da Ana")])
def test_an_error_answer_undoes_everything(shop: Tenant, status: int, name: str) -> None:
    assert visit(f"/page/?rename=Novo&status={status}", shop.owner).status_code == status
    assert Bot.unscoped.get(pk=shop.bot.pk).name == name


def test_an_exception_undoes_everything(shop: Tenant) -> None:
    with pytest.raises(ScopeMissing):
        visit("/page/?rename=Novo", make_user())
    assert Bot.unscoped.get(pk=shop.bot.pk).name == "Loja da Ana"
