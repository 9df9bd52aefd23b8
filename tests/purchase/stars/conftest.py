"""A shop that charges Stars."""

import pytest

from tests.purchase.conftest import OpenWorld
from tests.purchase.stars.support import stars_flow
from tests.support.world import World


@pytest.fixture
def world(open_world: OpenWorld) -> World:
    return open_world(stars_flow())
