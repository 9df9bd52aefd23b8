"""A process killed where only a member's press comes by: what it decided stands, once."""

import pytest

from bots.actor import SYSTEM
from bots.errors import Conflict
from payments.domain.rules import MoneyPolicy
from payments.models import Grant, MoneyMatter, MoneyRules, PaymentEvent
from payments.services.deciding import decide
from payments.services.sandbox import Act
from tests.purchase.conftest import OpenWorld, open_world
from tests.support.crashes import killed_at
from tests.support.flows import sales_flow
from tests.support.world import World

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(120)]

__all__ = ["open_world"]


@pytest.fixture
def world(open_world: OpenWorld) -> World:
    return open_world(sales_flow())


def test_a_decision_whose_process_died_right_after_it_stands_once(world: World) -> None:
    MoneyRules.unscoped.create(organization=world.organization, late=MoneyPolicy.ASK_ME.value)
    ana = world.person(1)
    world.to_the_charge(ana)
    world.pay(ana, Act.EXPIRE)
    world.pay(ana, Act.PAY_LATE)
    matter = MoneyMatter.unscoped.get()
    assert (matter.state, Grant.unscoped.count()) == ("waiting", 0)

    def deliver() -> None:
        decide(matter.pk, MoneyPolicy.DELIVER, organization_id=world.organization.pk, actor=SYSTEM)

    assert killed_at("payments.matter.decided:1:kill", deliver)
    with pytest.raises(Conflict):
        deliver()
    world.settle()

    matter.refresh_from_db()
    (order,) = world.orders_of(ana)
    assert (matter.state, order.status, order.served_at is not None) == ("delivered", "paid", True)
    assert Grant.unscoped.filter(order=order, step_id="pay").count() == 1
    assert PaymentEvent.unscoped.filter(kind="moved", to_status="paid").count() == 1
