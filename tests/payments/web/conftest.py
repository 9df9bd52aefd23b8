"""A world with one of everything, and its owner's browser."""

import pytest
from django.test import Client

from tests.support.pages import World, make_world, signed_in


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@pytest.fixture
def browser(world: World) -> Client:
    return signed_in(world.owner)
