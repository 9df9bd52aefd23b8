"""A partner of a seller, and a Telegram that is none."""

from collections.abc import Iterator
from typing import Any

import pytest

from bots.outbox.loop import outbox_loop
from telegram_gateway import client
from tests.support.fake_telegram import FakeTelegram
from tests.support.partner import Partner, make_partner
from tests.support.tenancy import Tenant, make_tenant


@pytest.fixture
def tenant(db: None) -> Tenant:
    return make_tenant()


@pytest.fixture
def partner(tenant: Tenant) -> Partner:
    return make_partner(tenant.organization)


@pytest.fixture
def telegram(settings: Any) -> Iterator[FakeTelegram]:
    with FakeTelegram() as fake:
        settings.TELEGRAM_API_BASE_URL = fake.url
        yield fake
        outbox_loop.run(client.close())
