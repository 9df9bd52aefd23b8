"""Real processes on the test's own database."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import DjangoDbBlocker

from tests.support.fake_telegram import FakeTelegram
from tests.support.shop import Shop, open_shop
from tests.support.stack import Stack

StartStack = Callable[..., Stack]


@dataclass(frozen=True, slots=True)
class RunningShop:
    """A shop that is open while a module's tests come and buy, each with people of its own."""

    stack: Stack
    shop: Shop
    telegram: FakeTelegram


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    """A Bot API of our own."""
    with FakeTelegram() as server:
        yield server


@pytest.fixture
def start_stack(telegram: FakeTelegram, transactional_db: None) -> Iterator[StartStack]:
    """Starts the product's processes; they are gone before the database is emptied."""
    folder = _folder()
    running: list[Stack] = []

    def start(**options: Any) -> Stack:
        stack = Stack(folder / f"stack{len(running)}", telegram_url=telegram.url, **options)
        running.append(stack)
        return stack.__enter__()

    yield start
    for stack in running:
        stack.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def running(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[RunningShop]:
    """One shop for all tests of a module: starting the processes takes longer than buying."""
    folder = _folder()
    with django_db_blocker.unblock():
        try:
            with FakeTelegram() as server, Stack(folder, telegram_url=server.url) as stack:
                yield RunningShop(stack, open_shop(stack.url, server), server)
        finally:
            call_command("flush", verbosity=0, interactive=False)
            shutil.rmtree(folder, ignore_errors=True)


def _folder() -> Path:
    # Not pytest's own folder: as root the servers run as somebody who may not enter it.
    folder = Path(tempfile.mkdtemp(prefix="trilho-stack-"))
    folder.chmod(0o755)
    return folder
