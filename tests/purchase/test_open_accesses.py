"""Open accesses as conditions see them: true once it is bought, false once it has ended or was taken back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from payments.models import Grant
from payments.selectors import open_grant_names
from tests.purchase.conftest import OpenWorld
from tests.support.fake_telegram import Chat
from tests.support.flows import a_branch, a_condition, a_flow, a_payment, a_question, an_access
from tests.support.world import World

INSIDE = "Você já está dentro. Fale:"


def guarded(name: str) -> dict[str, object]:
    """A flow that lets in who has an access of this name, and charges everybody else."""
    return a_flow(
        [
            a_branch("known", a_condition("variable", "in", name="grants", op="contains", value=name), next="pay"),
            a_question("in", INSIDE, next="bye"),
            a_payment(
                "pay", config={"description": "VIP", "deliver": {"text": "Seu acesso", "duration_days": 30}}, next="bye"
            ),
            an_access("bye", "Até logo!"),
        ]
    )


def comes(world: World, chat: Chat) -> bool:
    """Whether the flow knows them as somebody with an access; who is let in says goodbye."""
    inside = world.say(chat, "/start")[0] == INSIDE
    if inside:
        world.say(chat, "Só isso.")
    return inside


@pytest.fixture(params=["pay", "VIP"])
def name(request: pytest.FixtureRequest) -> str:
    """By the step that sold it, or by what was bought."""
    return str(request.param)


def test_a_condition_holds_from_the_purchase_to_the_end_of_the_access(open_world: OpenWorld, name: str) -> None:
    world = open_world(guarded(name))
    ana, bia = world.person(1), world.person(2)
    assert comes(world, ana) is False
    world.pay(ana)
    assert (comes(world, ana), comes(world, bia)) == (True, False)
    given = Grant.unscoped.filter(telegram_user_id=1)
    given.update(starts_at=timezone.now() - timedelta(days=31), ends_at=timezone.now() - timedelta(days=1))
    assert comes(world, ana) is False


def test_an_access_that_was_taken_back_or_has_not_begun_does_not_count(open_world: OpenWorld) -> None:
    world = open_world(guarded("pay"))
    ana = world.person(1)
    world.say(ana, "/start")
    world.pay(ana)
    owner = (world.organization.pk, 1)
    assert open_grant_names([owner])[owner] == ("pay", "VIP", "bye")
    owed = Grant.unscoped.filter(telegram_user_id=1, step_id="pay")
    owed.update(revoked_at=timezone.now())
    assert comes(world, ana) is False
    owed.update(revoked_at=None, starts_at=timezone.now() + timedelta(days=1))
    assert open_grant_names([owner]) == {owner: ("bye", "VIP")}


def test_nobody_sees_the_accesses_of_another_organization_or_person(open_world: OpenWorld) -> None:
    world = open_world(guarded("pay"))
    ana = world.person(1)
    world.say(ana, "/start")
    world.pay(ana)
    stranger = (type(world.organization.pk)(int=7), 1)
    assert open_grant_names([stranger, (world.organization.pk, 2)]) == {}
