"""People who do anything, updates that come several times at once, workers that fail anywhere: the promises hold."""

from typing import Any

import pytest

from tests.purchase.conftest import OpenWorld
from tests.support.invariants import Rest, check_everything
from tests.support.soak import Soak

SEEDS = range(20)
MORE_SEEDS = range(20, 60)


@pytest.fixture(autouse=True)
def short_leases(settings: Any) -> None:
    """What a failed worker holds is free again soon; calls end before that."""
    settings.TRILHO_LEASE_SECONDS = 0.5


def soak(open_world: OpenWorld, seed: int, *, people: int, rounds: int) -> None:
    world = open_world()
    shop = Soak(world, seed, people=people)
    shop.run(rounds=rounds)
    check_everything(Rest(world.telegram, shop.accepted))


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_happens_the_promises_hold(open_world: OpenWorld, seed: int) -> None:
    soak(open_world, seed, people=3, rounds=12)


@pytest.mark.chaos
@pytest.mark.parametrize("seed", MORE_SEEDS)
def test_however_long_it_goes_on_the_promises_hold(open_world: OpenWorld, seed: int) -> None:
    soak(open_world, seed, people=6, rounds=30)
