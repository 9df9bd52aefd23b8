"""The kernel's part of the staff admin: what staff change is written down, keys are taken back, messages sent again."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from bots.models import ActorKind, ApiKey, AuditEntry, Membership, Organization, Role, User
from bots.outbox.models import MessageState, OutboxMessage
from tests.factories.bots import make_membership, make_user
from tests.support.everything import Everything, make_everything
from tests.support.partner import make_partner

pytestmark = pytest.mark.django_db


@pytest.fixture
def employee() -> User:
    return make_user(is_staff=True, is_superuser=True)


@pytest.fixture
def staff(employee: User) -> Client:
    client = Client()
    client.force_login(employee, backend="django.contrib.auth.backends.ModelBackend")
    return client


def acts(row: Any) -> list[tuple[str, str, str]]:
    entries = AuditEntry.unscoped.filter(object_id=str(row.pk)).order_by("pk")
    return [(entry.action, entry.actor_kind, entry.actor_user.email) for entry in entries if entry.actor_user]


def act_on(staff: Client, row: Any, act: str) -> Any:
    listing = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_changelist")
    return staff.post(listing, {"action": act, "_selected_action": [str(row.pk)]})


def test_a_changed_role_is_written_down(staff: Client, employee: User) -> None:
    membership = make_membership()
    page = reverse("admin:bots_membership_change", args=[membership.pk])
    sent = {"organization": membership.organization_id, "user": membership.user_id, "role": Role.VIEWER}
    assert staff.post(page, sent).status_code == 302
    assert Membership.unscoped.get().role == Role.VIEWER
    assert acts(membership) == [("staff.change", ActorKind.STAFF, employee.email)]


def test_a_changed_organization_is_written_down_in_its_own_trail(staff: Client, employee: User) -> None:
    organization = make_membership().organization
    members = {"-TOTAL_FORMS": 0, "-INITIAL_FORMS": 0, "-MIN_NUM_FORMS": 0, "-MAX_NUM_FORMS": 1000}
    page = staff.get(reverse("admin:bots_organization_change", args=[organization.pk]))
    prefix = page.context["inline_admin_formsets"][0].formset.prefix
    sent = {"name": "Novo", "slug": "novo", "time_zone": "America/Sao_Paulo", "locale": "pt-br"}
    sent |= {f"{prefix}{name}": str(value) for name, value in members.items()}
    answer = staff.post(reverse("admin:bots_organization_change", args=[organization.pk]), sent)
    assert answer.status_code == 302, answer.context["errors"]
    assert Organization.objects.get(pk=organization.pk).name == "Novo"
    assert acts(organization) == [("staff.change", ActorKind.STAFF, employee.email)]


def test_a_key_is_taken_back(staff: Client, employee: User) -> None:
    partner = make_partner(make_membership().organization)
    assert partner.key
    assert act_on(staff, partner.key, "revoke").status_code == 302
    assert ApiKey.unscoped.get().revoked_at is not None
    assert partner.get("bots/").status_code == 401
    assert acts(partner.key) == [("api_key.revoked", ActorKind.STAFF, employee.email)]


def test_a_dead_message_is_sent_again(staff: Client, employee: User) -> None:
    everything = make_everything()
    message = everything.row(OutboxMessage)
    assert act_on(staff, message, "send_again").status_code == 302
    assert acts(message) == []
    OutboxMessage.unscoped.filter(pk=message.pk).update(state=MessageState.DEAD)
    assert act_on(staff, message, "send_again").status_code == 302
    assert OutboxMessage.unscoped.get(pk=message.pk).state == MessageState.NEW
    assert acts(message) == [("staff.resend", ActorKind.STAFF, employee.email)]


def test_a_person_is_made_and_found(staff: Client) -> None:
    sent = {"email": "nova@example.com", "password1": "uma senha bem longa", "password2": "uma senha bem longa"}
    answer = staff.post(reverse("admin:bots_user_add"), sent | {"usable_password": "true"})
    assert answer.status_code == 302
    made = User.objects.get(email="nova@example.com")
    assert made.check_password("uma senha bem longa")
    assert (made.is_staff, made.is_superuser) == (False, False)


def test_rows_of_two_organizations_cannot_be_joined(staff: Client) -> None:
    ours: Everything = make_everything("Nossa")
    theirs: Everything = make_everything("Alheia")
    sent = {
        "organization": ours.organization_id,
        "bot": ours.world.shop.bot.pk,
        "account": theirs.world.shop.account.pk,
        "position": 1,
    }
    answer = staff.post(reverse("admin:payments_botgateway_add"), sent)
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["account"]
