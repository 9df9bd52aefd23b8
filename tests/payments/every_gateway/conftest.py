"""A shop with an account at each fake gateway in turn."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from payments.gateways import http
from payments.gateways.woovi.adapter import key_ring
from tests.factories.gateways import Branch, open_branch
from tests.support.fake_gateways import FAKES, FakeGateway

OpenFake = Callable[[type[FakeGateway]], FakeGateway]


@pytest.fixture
def open_fake() -> Iterator[OpenFake]:
    """Starts a gateway of this kind."""
    running: list[FakeGateway] = []

    def open_it(kind: type[FakeGateway]) -> FakeGateway:
        running.append(kind().__enter__())
        return running[-1]

    key_ring.forget()
    yield open_it
    for fake in running:
        fake.__exit__()


@pytest.fixture(params=FAKES, ids=lambda kind: kind.name.value)
def branch(request: pytest.FixtureRequest, open_fake: OpenFake, settings: Any, db: None) -> Branch:
    return open_branch(open_fake(request.param), settings)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls are given up soon, so that a test of a slow gateway is none."""
    monkeypatch.setattr(http, "CALL_SECONDS", 0.2)
