"""A shop to sell from."""

import pytest

from tests.factories.payments import Shop, make_shop


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop()
