"""At every place where a process may die it dies, once and once more, while somebody buys: every promise is kept.

The places are those of the registry: one that is neither passed by a sale below nor excused by name fails the test.
"""

from typing import Any

import httpx
import pytest

from bots.crashpoints import registered
from bots.models import Bot
from telegram_gateway import leases
from tests.chaos.aftermath import given_back, into_the_group, taken_back_after_the_grace, with_the_owner_told_by_mail
from tests.chaos.sales import (
    Sale,
    Way,
    after_blocking_the_bot,
    asking_for_the_access_again,
    by_polling,
    by_pressing_i_have_paid,
    by_stars,
    plainly,
    slowed_down_by_telegram,
    wait_for_rest,
    whole_flow,
    with_a_new_code,
)
from tests.processes.conftest import StartStack
from tests.support.dying import everywhere
from tests.support.fake_telegram import FakeTelegram
from tests.support.invariants import Rest, check_everything
from tests.support.shop import Shop, open_shop
from tests.support.stack import Stack

pytestmark = [pytest.mark.chaos, pytest.mark.processes, pytest.mark.timeout(300)]

# What a plain sale does not pass.
WAYS: dict[str, Way] = {
    "payments.access.recalled": asking_for_the_access_again,
    "payments.access.taken": taken_back_after_the_grace,
    "payments.check.asked": by_pressing_i_have_paid,
    "notices.before_mail": with_the_owner_told_by_mail,
    "notices.mailed": with_the_owner_told_by_mail,
    "payments.place.tended": into_the_group,
    "payments.poll.asked": by_polling,
    "payments.poll.claimed": by_polling,
    "payments.refund.answered": given_back,
    "payments.refund.asked": given_back,
    "payments.refund.booked": given_back,
    "payments.renew.committed": with_a_new_code,
    "relay.between_marks": slowed_down_by_telegram,
    "telegram.checkout_after_commit": by_stars,
    "telegram.checkout_before_commit": by_stars,
    "telegram.membership_after_commit": into_the_group,
    "telegram.membership_before_commit": into_the_group,
    "telegram.update_processed": after_blocking_the_bot,
}
# Passed only where bots are polled.
POLLED = frozenset({leases.BEFORE_COMMIT, leases.AFTER_COMMIT})
# Passed by a member's press in the web alone, where a worker more or less adds nothing: a process of its own is killed
# there, by the test named.
BY_ITSELF: dict[str, str] = {"payments.matter.decided": "tests/chaos/test_killed_by_itself.py"}
# Passed while the shop is set up, before anybody buys.
SETTING_UP = frozenset({"connect.after_store", "connect.after_call"})
# Passed only after another death: an event tried before goes alone.
AFTER_A_DEATH = {"drain.attempt_counted": "drain.advanced"}
MOST_BUYERS = 4


def plan_for(place: str) -> str:
    """Dies at the first and at the second time this place is reached."""
    if place in AFTER_A_DEATH:
        return f"{AFTER_A_DEATH[place]}:1:kill,{place}:1:kill"
    return f"{place}:1:kill,{place}:2:kill"


def places() -> list[str]:
    return sorted(registered() - BY_ITSELF.keys() - SETTING_UP)


def test_every_place_there_is_is_walked() -> None:
    """What a page or another process alone would import is imported here, so that no place is left out unseen."""
    assert registered() == everywhere()
    assert BY_ITSELF.keys() | WAYS.keys() | POLLED | SETTING_UP | AFTER_A_DEATH.keys() <= registered()


@pytest.mark.parametrize("place", places())
def test_a_death_breaks_no_promise(place: str, start_stack: StartStack, telegram: FakeTelegram) -> None:
    stack = start_stack(crash_plan=plan_for(place), polling=place in POLLED)
    shop = open_shop(stack.url, telegram, definition=whole_flow())
    accepted: list[int] = []
    way = WAYS.get(place, plainly)
    # The second time is for the next buyer, where one sale passes this place but once.
    for number in range(MOST_BUYERS):
        sale = Sale(shop, user_id=601 + number, polled=place in POLLED)
        way(sale)
        accepted += sale.accepted
        if len(list(stack.marks.iterdir())) == 2:
            break
    wait_for_rest()

    assert place in stack.reached(), f"no sale passes {place}: give it a way"
    assert len(list(stack.marks.iterdir())) == 2, "it died but once"
    assert len(stack.deaths) == 2
    check_everything(Rest(telegram, accepted))


@pytest.mark.parametrize("place", sorted(SETTING_UP))
def test_a_bot_whose_connection_died_halfway_is_connected_again(
    place: str, start_stack: StartStack, telegram: FakeTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = start_stack(crash_plan=plan_for(place))
    insist(monkeypatch, stack)
    shop = open_shop(stack.url, telegram, definition=whole_flow())
    # Once more, with the same token: the second time it is reached in one process.
    assert shop.call("POST", "bots/", {"token": shop.token})["id"] == shop.bot_id
    sale = Sale(shop, user_id=601)

    plainly(sale)
    wait_for_rest()

    assert len(list(stack.marks.iterdir())) == 2
    assert Bot.unscoped.count() == 1
    check_everything(Rest(telegram, sale.accepted))


def insist(monkeypatch: pytest.MonkeyPatch, stack: Stack) -> None:
    """The seller calls again where the connection broke, as people do."""
    once = Shop.call

    def call(shop: Shop, method: str, path: str, body: Any = None, **headers: str) -> Any:
        while True:
            try:
                return once(shop, method, path, body, **headers)
            except httpx.TransportError:
                stack.wait_until_ready()

    monkeypatch.setattr(Shop, "call", call)
