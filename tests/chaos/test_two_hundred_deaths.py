"""Two hundred workers really killed between the order and the access, at every gateway, whose answers are lost as well.

What is random comes from one seed, which is printed: `CHAOS_SEED=… make chaos` does the same again.
"""

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.purchase.conftest import OpenWorld, open_world
from tests.support.deaths import running, sale_at, shop_charging_at
from tests.support.dying import Killed, chosen, died_at, places, plan_of
from tests.support.fake_gateways import FAKES, FakeGateway
from tests.support.world import World

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

__all__ = ["open_world"]

SEED: Final = os.environ.get("CHAOS_SEED") or str(random.SystemRandom().randrange(10**9))
DEATHS: Final = 200
KINDS: Final[tuple[type[FakeGateway] | None, ...]] = (*FAKES, None)
DEATHS_PER_SALE: Final = 4
# The web takes updates, and runs beside these workers.
IN_THE_WEB: Final = frozenset({"telegram.update_stored"})


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name.value if kind else "stars")
def fake(request: pytest.FixtureRequest, settings: Any) -> Iterator[FakeGateway | None]:
    with running(request.param, settings) as fake:
        yield fake


@pytest.fixture
def world(open_world: OpenWorld, fake: FakeGateway | None, settings: Any) -> World:
    return shop_charging_at(open_world, fake, settings)


def test_two_hundred_kills_leave_one_charge_and_one_access_each(
    world: World,
    fake: FakeGateway | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    name = "stars" if fake is None else fake.name.value
    chance = random.Random(f"{SEED}:{name}")
    passed = [place for place in places(stars=fake is None) if place not in IN_THE_WEB]
    wanted, deaths, sales = DEATHS // len(KINDS), 0, 0
    reached: set[str] = set()
    while deaths < wanted:
        sales += 1
        assert sales <= wanted, "the plans kill hardly anybody"
        plan = plan_of(chosen(chance, [], passed, deaths=DEATHS_PER_SALE), "kill")
        marks = tmp_path / str(sales)
        marks.mkdir()
        monkeypatch.setenv("CRASH_MARKS", str(marks))
        sale = sale_at(world, fake, 92_000 + sales, chance, [entry.partition(":")[0] for entry in plan.split(",")])
        dying = Killed(plan)
        try:
            sale.begin()
            sale.run(dying)
            sale.check()
        except Exception as error:
            raise AssertionError(f"CHAOS_SEED={SEED}, sale {sales} at {name}, {plan}: {error!r}") from error
        assert dying.deaths == len(died_at(marks))
        deaths += dying.deaths
        reached |= set(died_at(marks))
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")
    assert reporter is not None
    reporter.write_line(f" CHAOS_SEED={SEED}: {deaths} killed at {len(reached)} places, {sales} sales at {name}")
