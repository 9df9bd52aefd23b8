"""Somebody of our staff, and a seller whom they help."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from bots.models import User
from bots.outbox.loop import outbox_loop
from telegram_gateway import client
from tests.factories.bots import make_user
from tests.support.fake_telegram import FakeTelegram
from tests.support.tenancy import Tenant, make_tenant


@pytest.fixture
def employee(db: None) -> User:
    return make_user(is_staff=True, is_superuser=True)


@pytest.fixture
def staff(employee: User) -> Client:
    browser = Client()
    browser.force_login(employee, backend="django.contrib.auth.backends.ModelBackend")
    return browser


@pytest.fixture
def tenant(db: None) -> Tenant:
    return make_tenant()


@pytest.fixture
def telegram(settings: Any) -> Iterator[FakeTelegram]:
    with FakeTelegram() as fake:
        settings.TELEGRAM_API_BASE_URL = fake.url
        yield fake
        outbox_loop.run(client.close())
