"""The same sale never gives twice, another one does; renewing early loses no day."""

from datetime import timedelta
from uuid import UUID

import pytest

from bots.ids import uuid7
from bots.tenancy import organization_scope
from flows.engine.effects import GrantAccess
from payments.domain.events import EventSource
from payments.domain.states import Notice, PaymentStatus
from payments.models import Grant
from payments.services import apply_notice
from payments.services.handling import grant_access
from tests.factories.payments import Shop, charge, second_contact, wish

VIP: dict[str, object] = {"text": "Bem-vindo!", "link": "https://example.com/vip"}


def say(
    shop: Shop, content: dict[str, object], *, order_id: UUID | None = None, run_id: UUID | None = None, visit: int = 1
) -> None:
    effect = GrantAccess(visit=visit, order_id=order_id, content=content, step_id="access")
    with organization_scope(shop.organization.pk):
        grant_access(shop.envelope(effect, run_id=run_id), effect)


def test_a_repeat_gives_nothing_more(shop: Shop) -> None:
    order_id = charge(shop).order_id
    for visit in (1, 2):
        say(shop, VIP, order_id=order_id, visit=visit)
    grant = Grant.unscoped.get()
    assert (grant.kind, grant.content, grant.ends_at) == ("content", VIP, None)
    assert grant.telegram_user_id == shop.contact.telegram_user_id


def test_other_content_of_the_same_sale_is_another_access(shop: Shop) -> None:
    order_id = charge(shop).order_id
    say(shop, VIP, order_id=order_id)
    say(shop, {"text": "Bônus"}, order_id=order_id)
    assert Grant.unscoped.count() == 2


def test_what_the_sale_owed_and_the_step_says_again_is_one_access(shop: Shop) -> None:
    sale = charge(shop, wish(deliver=VIP))
    apply_notice(sale.payment.pk, Notice(PaymentStatus.PAID), source=EventSource.POLL)
    say(shop, dict(reversed(VIP.items())), order_id=sale.order_id)
    assert Grant.unscoped.count() == 1


def test_without_a_sale_it_counts_per_visit(shop: Shop) -> None:
    run_id = uuid7()
    say(shop, VIP, run_id=run_id, visit=1)
    say(shop, VIP, run_id=run_id, visit=1)
    say(shop, VIP, run_id=run_id, visit=2)
    assert Grant.unscoped.count() == 2


def test_another_sale_of_the_same_begins_where_the_first_ends(shop: Shop) -> None:
    month = {**VIP, "duration_days": 30}
    first, second = charge(shop), charge(shop, wish(step_id="again"))
    say(shop, month, order_id=first.order_id)
    say(shop, month, order_id=second.order_id)
    one, two = Grant.unscoped.order_by("id")
    assert one.ends_at is not None
    assert two.ends_at is not None
    assert two.starts_at == one.ends_at
    assert two.ends_at - one.starts_at == timedelta(days=60)


def test_another_persons_access_is_not_extended(shop: Shop) -> None:
    month = {**VIP, "duration_days": 30}
    other = second_contact(shop)
    say(shop, month, order_id=charge(shop).order_id)
    say(other, month, order_id=charge(other).order_id)
    one, two = Grant.unscoped.order_by("id")
    assert one.ends_at is not None
    assert two.starts_at < one.ends_at


@pytest.mark.parametrize("days", [0, -1, True, "30", None])
def test_a_duration_that_is_none_lasts_for_ever(shop: Shop, days: object) -> None:
    say(shop, {**VIP, "duration_days": days}, order_id=charge(shop).order_id)
    assert Grant.unscoped.get().ends_at is None


def test_a_chat_is_known_by_its_id(shop: Shop) -> None:
    order_id = charge(shop).order_id
    say(shop, {"chat": "018f", "text": "Entre"}, order_id=order_id)
    say(shop, {"chat": "018f", "text": "Entre já"}, order_id=order_id)
    assert [(grant.kind, grant.content_key) for grant in Grant.unscoped.all()] == [("chat", "chat:018f")]
