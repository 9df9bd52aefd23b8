"""`/acesso`: what a person still has is found, each thing once, whoever sold it; nothing is granted anew."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from bots.models import Channel
from bots.tenancy import organization_scope
from flows.engine.effects import RecallAccess
from flows.engine.events import AccessRecalled
from payments.models import Grant
from payments.services.grants import give
from payments.services.recalling import MOST_ACCESSES, recall_accesses
from tests.factories.payments import Shop, told

pytestmark = pytest.mark.django_db


def given(shop: Shop, content: dict[str, Any], **fields: Any) -> Grant:
    """An access of the shop's contact, as a step gives it."""
    values = {
        "organization_id": shop.organization.pk,
        "contact_id": shop.contact.pk,
        "telegram_user_id": shop.contact.telegram_user_id,
        "order_id": None,
        "run_id": uuid4(),
        "visit": 1,
        "step_id": "vip",
        "content": content,
        "is_test": False,
        **{name: value for name, value in fields.items() if name in ("telegram_user_id", "is_test")},
    }
    with organization_scope(shop.organization.pk):
        give(**values)
        grant = Grant.objects.latest("created_at")
        for name in ("starts_at", "ends_at", "revoked_at"):
            if name in fields:
                Grant.objects.filter(pk=grant.pk).update(**{name: fields[name]})
    return grant


def recalled(shop: Shop, key: str = "k") -> list[dict[str, Any]]:
    recall_accesses(shop.envelope(RecallAccess()), key=key)
    events = [event for event in told(shop) if isinstance(event, AccessRecalled)]
    return [dict(access.content) for access in events[-1].accesses]


def test_finds_everything_that_is_open_newest_first(shop: Shop) -> None:
    given(shop, {"text": "Um"})
    run = given(shop, {"text": "Dois", "duration_days": 30}).run_id
    assert [content["text"] for content in recalled(shop)] == ["Dois", "Um"]
    (event,) = [event for event in told(shop) if isinstance(event, AccessRecalled)]
    assert event.accesses[0].run_id == run
    assert Grant.unscoped.count() == 2


def test_the_same_content_is_said_once(shop: Shop) -> None:
    given(shop, {"text": "Um"})
    given(shop, {"text": "Um"})
    assert recalled(shop) == [{"text": "Um"}]


def test_what_is_over_taken_back_not_begun_or_anothers_is_not_found(shop: Shop) -> None:
    now = timezone.now()
    given(shop, {"text": "over"}, starts_at=now - timedelta(days=2), ends_at=now - timedelta(days=1))
    given(shop, {"text": "taken back"}, revoked_at=now)
    given(shop, {"text": "not begun"}, starts_at=now + timedelta(days=1))
    given(shop, {"text": "another's"}, telegram_user_id=shop.contact.telegram_user_id + 1)
    given(shop, {"text": "a test"}, is_test=True)
    assert recalled(shop) == []


def test_a_test_chat_finds_what_was_given_in_test_chats_alone(shop: Shop) -> None:
    given(shop, {"text": "sold"})
    given(shop, {"text": "tried"}, is_test=True)
    shop.contact.channel = Channel.SIMULATOR
    assert recalled(shop) == [{"text": "tried"}]


def test_answers_one_question_once(shop: Shop) -> None:
    given(shop, {"text": "Um"})
    recalled(shop, key="same")
    recalled(shop, key="same")
    assert len([event for event in told(shop) if isinstance(event, AccessRecalled)]) == 1


def test_says_no_more_than_can_be_read(shop: Shop) -> None:
    for number in range(MOST_ACCESSES + 3):
        given(shop, {"text": f"n {number}"})
    assert len(recalled(shop)) == MOST_ACCESSES
