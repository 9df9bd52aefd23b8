"""Death anywhere between the order and the access, at gateways that lose answers: one of each kind of idempotency, and
Telegram's Stars.

Twenty buyers at each, one seed for each: where work dies, which calls are lost and how we hear of the money. Every
place a sale passes is dealt to somebody, and is seen to be where that buyer's work died.
"""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from bots.crashpoints import planned, registered
from tests.purchase.conftest import OpenWorld
from tests.support.deaths import running, sale_at, shop_charging_at
from tests.support.dying import ELSEWHERE, Killed, Raising, chosen, died_at, everywhere, places, plan_of
from tests.support.fake_gateways import FakeAsaas, FakeGateway, FakeMercadoPago, FakePushinPay
from tests.support.world import World

SEEDS: Final = 20
DEATHS: Final = 4
DEALT: Final = 2
# Keyed, found by our key, neither; and the gateway that asks us before money moves.
KINDS: Final[tuple[type[FakeGateway] | None, ...]] = (FakeMercadoPago, FakeAsaas, FakePushinPay, None)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name.value if kind else "stars")
def fake(request: pytest.FixtureRequest, settings: Any) -> Iterator[FakeGateway | None]:
    with running(request.param, settings) as fake:
        yield fake


@pytest.fixture
def world(open_world: OpenWorld, fake: FakeGateway | None, settings: Any) -> World:
    return shop_charging_at(open_world, fake, settings)


def test_wherever_work_dies_a_sale_is_one_charge_and_one_access(
    world: World, fake: FakeGateway | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "stars" if fake is None else fake.name.value
    passed = places(stars=fake is None)
    cards = random.Random(name)
    deck = cards.sample(passed, len(passed)) * 2
    assert len(passed) <= SEEDS * DEALT, "some place is dealt to nobody"
    reached: set[str] = set()
    for seed in range(SEEDS):
        chance = random.Random(f"{name}:{seed}")
        dealt = deck[seed * DEALT : (seed + 1) * DEALT]
        plan = plan_of(chosen(chance, dealt, passed, deaths=DEATHS), "raise")
        died = _sale_dying_at(plan, world, fake, seed, chance, tmp_path / str(seed), monkeypatch)
        assert set(dealt) <= died, f"seed {seed} of {name} never died at {set(dealt) - died}: {plan}"
        reached |= died
    assert reached >= set(passed)


def _sale_dying_at(
    plan: str,
    world: World,
    fake: FakeGateway | None,
    seed: int,
    chance: random.Random,
    marks: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> set[str]:
    """Runs and checks one sale; the places where its work died."""
    marks.mkdir()
    monkeypatch.setenv("CRASH_MARKS", str(marks))
    sale = sale_at(world, fake, 90_000 + seed, chance, {entry.partition(":")[0] for entry in plan.split(",")})
    try:
        sale.begin()
        with planned(plan):
            sale.run(Raising())
        sale.check()
    except Exception as error:
        raise AssertionError(f"seed {seed}, {plan}: {error!r}") from error
    return set(died_at(marks))


@pytest.mark.parametrize(
    ("fake", "place"),
    [
        (FakeMercadoPago, "payments.creation.recorded"),
        (FakeAsaas, "payments.transition.granted"),
        (FakePushinPay, "payments.creation.after_call"),
        (None, "payments.transition.told"),
    ],
    ids=["mercadopago", "asaas", "pushinpay", "stars"],
    indirect=["fake"],
)
def test_a_worker_that_is_really_killed_after_an_answer_was_lost_leaves_one_charge_and_one_access(
    world: World, fake: FakeGateway | None, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRASH_MARKS", str(tmp_path))
    sale = sale_at(world, fake, 91_000, random.Random(place), [place])
    sale.begin()
    sale.lose_one()
    dying = Killed(f"{place}:1:kill")
    sale.run(dying)
    sale.check()
    assert (dying.deaths, died_at(tmp_path)) == (1, [place])


def test_every_place_there_is_is_passed_by_a_sale_or_dies_elsewhere() -> None:
    """So that a new place is not forgotten, nor an old name kept."""
    assert registered() == everywhere()
    assert [prefix for prefix in ELSEWHERE if not any(name.startswith(prefix) for name in registered())] == []
    assert {name.partition(".")[0] for name in places(stars=False)} == {"drain", "payments", "relay", "telegram"}
