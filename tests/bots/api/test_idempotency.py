"""`Idempotency-Key`: the same answer again, and the act once, however many come at once."""

from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.utils import timezone

from bots.api import idempotency
from bots.errors import Unavailable
from bots.models import IdempotencyRecord
from bots.permissions import ApiScope
from bots.tasks import maintain_partitions
from flows.models import Flow
from tests.factories.bots import make_bot
from tests.support.flows import a_flow
from tests.support.partner import Partner, answer, make_partner, refusal
from tests.support.races import at_once
from tests.support.tenancy import Tenant, make_tenant

pytestmark = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True)

MANY = 20


@pytest.fixture
def tenant() -> Tenant:
    return make_tenant()


@pytest.fixture
def partner(tenant: Tenant) -> Partner:
    return make_partner(tenant.organization)


def flow_of(tenant: Tenant, name: str = "Venda") -> dict[str, Any]:
    return {"bot": str(tenant.bot.pk), "name": name, "definition": a_flow()}


def flows() -> int:
    return Flow.unscoped.count()


def test_the_same_request_again_gets_the_first_answer(tenant: Tenant, partner: Partner) -> None:
    first = partner.post("flows/", flow_of(tenant), Idempotency_Key="a")
    again = partner.post("flows/", flow_of(tenant), Idempotency_Key="a")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert (first["ETag"], again["ETag"]) == ('"1"', '"1"')
    assert (first.get("Idempotency-Replayed"), again.get("Idempotency-Replayed")) == (None, "true")
    assert flows() == 1


def test_another_key_or_none_acts_again(tenant: Tenant, partner: Partner) -> None:
    for headers in ({"Idempotency_Key": "a"}, {"Idempotency_Key": "b"}, {}, {}, {"Idempotency_Key": ""}):
        answer(partner.post("flows/", flow_of(tenant), **headers), 201)
    assert flows() == 5


def test_the_same_key_with_another_body_is_refused(tenant: Tenant, partner: Partner) -> None:
    answer(partner.post("flows/", flow_of(tenant), Idempotency_Key="a"), 201)
    told = refusal(partner.post("flows/", flow_of(tenant, "Outra"), Idempotency_Key="a"))
    assert (told["status"], told["code"]) == (422, "idempotency_key_reused")
    assert flows() == 1


def test_a_key_belongs_to_one_address(tenant: Tenant, partner: Partner) -> None:
    made = answer(partner.post("flows/", flow_of(tenant), Idempotency_Key="a"), 201)
    assert answer(partner.post(f"flows/{made['id']}/validate/", Idempotency_Key="a"))["valid"] is True


def test_a_key_belongs_to_one_organization(tenant: Tenant, partner: Partner) -> None:
    other = make_tenant()
    answer(partner.post("flows/", flow_of(tenant), Idempotency_Key="a"), 201)
    answer(make_partner(other.organization).post("flows/", flow_of(other), Idempotency_Key="a"), 201)
    assert flows() == 2


def test_what_one_partner_was_answered_another_is_not_told(tenant: Tenant, partner: Partner) -> None:
    answer(partner.post("flows/", flow_of(tenant), Idempotency_Key="a"), 201)
    colleague = make_partner(tenant.organization)
    assert refusal(colleague.post("flows/", flow_of(tenant), Idempotency_Key="a"))["code"] == "idempotency_key_reused"


def test_a_replay_asks_for_the_scope_again(tenant: Tenant, partner: Partner) -> None:
    answer(partner.post("flows/", flow_of(tenant), Idempotency_Key="a"), 201)
    assert partner.key
    type(partner.key).unscoped.filter(pk=partner.key.pk).update(scopes=[ApiScope.BOTS_READ])
    assert partner.post("flows/", flow_of(tenant), Idempotency_Key="a").status_code == 403


def test_a_refused_request_may_come_again_under_its_key(tenant: Tenant, partner: Partner) -> None:
    wrong = flow_of(tenant) | {"bot": str(make_bot().pk)}
    assert partner.post("flows/", wrong, Idempotency_Key="a").status_code == 404
    assert not IdempotencyRecord.unscoped.exists()
    answer(partner.post("flows/", flow_of(tenant), Idempotency_Key="a"), 201)


def test_a_key_has_at_most_255_characters(tenant: Tenant, partner: Partner) -> None:
    answer(partner.post("flows/", flow_of(tenant), Idempotency_Key="k" * 255), 201)
    told = refusal(partner.post("flows/", flow_of(tenant), Idempotency_Key="k" * 256))
    assert told["code"] == "idempotency_key_long"


def test_answers_are_forgotten_after_three_days(tenant: Tenant, partner: Partner) -> None:
    for age in (idempotency.KEPT_FOR + timedelta(minutes=1), idempotency.KEPT_FOR - timedelta(minutes=1)):
        answer(partner.post("flows/", flow_of(tenant), Idempotency_Key=str(age)), 201)
        IdempotencyRecord.unscoped.filter(key=str(age)).update(created_at=timezone.now() - age)
    maintain_partitions()
    assert [record.key for record in IdempotencyRecord.unscoped.all()] == [str(age)]


@committed
def test_twenty_at_once_act_once(tenant: Tenant, partner: Partner) -> None:
    answers = at_once(MANY, lambda _: post_flow(tenant, partner))
    assert [status for status, _id in pairs(answers)] == [201] * MANY
    assert len({flow_id for _status, flow_id in pairs(answers)}) == 1
    assert flows() == 1


@committed
def test_twenty_at_once_without_the_record_act_many_times(tenant: Tenant, partner: Partner) -> None:
    with mock.patch.object(idempotency, "_claim", return_value=None):
        at_once(MANY, lambda _: post_flow(tenant, partner))
    assert flows() == MANY


def post_flow(tenant: Tenant, partner: Partner) -> tuple[int, str]:
    response = Partner(partner.secret).post("flows/", flow_of(tenant), Idempotency_Key="a")
    return response.status_code, response.json().get("id", "")


def pairs(answers: list[Any]) -> list[tuple[int, str]]:
    failed = [one for one in answers if isinstance(one, BaseException)]
    assert not failed, failed
    return answers


def connecting(tenant: Tenant, **outcome: Any) -> Any:
    """Connecting a bot, whose call outside any transaction ends like this."""
    return mock.patch("flows.api.v1.bots.connect_bot", **(outcome or {"return_value": tenant.bot}))


def test_a_call_outside_happens_once(tenant: Tenant, partner: Partner) -> None:
    with connecting(tenant) as connect:
        for _ in range(3):
            made = answer(partner.post("bots/", {"token": "1:x"}, Idempotency_Key="a"), 201)
            assert made["id"] == str(tenant.bot.pk)
    assert connect.call_count == 1


def test_while_a_call_outside_is_at_work_its_twin_is_told_so(tenant: Tenant, partner: Partner) -> None:
    seen = []

    def at_work(**_: object) -> Any:
        seen.append(refusal(Partner(partner.secret).post("bots/", {"token": "1:x"}, Idempotency_Key="a")))
        return tenant.bot

    with connecting(tenant, side_effect=at_work):
        answer(partner.post("bots/", {"token": "1:x"}, Idempotency_Key="a"), 201)
    assert [(told["status"], told["code"]) for told in seen] == [(409, "idempotency_in_progress")]


def test_a_call_outside_that_was_refused_may_come_again(tenant: Tenant, partner: Partner) -> None:
    with connecting(tenant, side_effect=Unavailable("down", "Down.", retry_after=7)):
        response = partner.post("bots/", {"token": "1:x"}, Idempotency_Key="a")
    assert (response.status_code, response["Retry-After"]) == (503, "7")
    with connecting(tenant):
        answer(partner.post("bots/", {"token": "1:x"}, Idempotency_Key="a"), 201)


def test_a_call_outside_that_died_is_taken_over_when_its_lease_is_over(tenant: Tenant, partner: Partner) -> None:
    partner.client.raise_request_exception = False
    with connecting(tenant, side_effect=RuntimeError("killed in the middle")):
        assert refusal(partner.post("bots/", {"token": "1:x"}, Idempotency_Key="a"))["status"] == 500
    with connecting(tenant) as connect:
        assert partner.post("bots/", {"token": "1:x"}, Idempotency_Key="a").status_code == 409
        IdempotencyRecord.unscoped.update(created_at=timezone.now() - idempotency.LEASE + timedelta(seconds=1))
        assert partner.post("bots/", {"token": "1:x"}, Idempotency_Key="a").status_code == 409
        IdempotencyRecord.unscoped.update(created_at=timezone.now() - idempotency.LEASE - timedelta(seconds=1))
        answer(partner.post("bots/", {"token": "1:x"}, Idempotency_Key="a"), 201)
    assert connect.call_count == 1
