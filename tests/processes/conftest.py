"""Real processes on the test's own database: each test starts and ends its own."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_telegram import FakeTelegram
from tests.support.stack import Stack

StartStack = Callable[..., Stack]


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    """A Bot API of our own."""
    with FakeTelegram() as server:
        yield server


@pytest.fixture
def start_stack(telegram: FakeTelegram, transactional_db: None) -> Iterator[StartStack]:
    """Starts the product's processes; they are gone before the database is emptied."""
    # Not pytest's own folder: as root the servers run as somebody who may not enter it.
    folder = Path(tempfile.mkdtemp(prefix="trilho-stack-"))
    folder.chmod(0o755)
    running: list[Stack] = []

    def start(**options: Any) -> Stack:
        stack = Stack(folder / f"stack{len(running)}", telegram_url=telegram.url, **options)
        running.append(stack)
        return stack.__enter__()

    yield start
    for stack in running:
        stack.stop()
    shutil.rmtree(folder, ignore_errors=True)
