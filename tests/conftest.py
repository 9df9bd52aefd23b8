"""What every test stands on: roles, a network that ends at this machine, reproducible examples, a browser."""

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from pytest_django import DjangoDbBlocker
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from bots.outbox.handling import handler_threads
from config.grants import grant_tables
from tests.support.roles import make_missing_roles
from tests.support.scheduling import OneByOneScheduling, heavy_first

settings.register_profile(
    "ci", derandomize=True, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", deadline=None, max_examples=1_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

ON_REQUEST = ("chaos", "bench")
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> Path | None:
    """The Chromium of this machine, or the one `CHROMIUM` names."""
    named = os.environ.get("CHROMIUM")
    found = named or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    return Path(found) if found else None


def browser_is_required() -> bool:
    """Whether a missing browser is a failure, as in continuous integration."""
    return os.environ.get("REQUIRE_BROWSER") == "1"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Hands out file by file; what starts processes stays on one worker."""
    return OneByOneScheduling(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what runs only by a command of its own."""
    asked_for = str(config.getoption("-m"))
    for item in items:
        for marker in ON_REQUEST:
            if item.get_closest_marker(marker) and marker not in asked_for:
                item.add_marker(pytest.mark.skip(reason=f"runs only by `make {marker}`"))
    if hasattr(config, "workerinput"):
        heavy_first(items)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test that needs a browser is skipped where there is none, or fails where one is required."""
    if item.get_closest_marker("browser") and find_chromium() is None:
        if browser_is_required():
            pytest.fail("REQUIRE_BROWSER=1, and there is no Chromium on this machine.", pytrace=False)
        pytest.skip("there is no Chromium on this machine")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One loud line if the browser tests did not run."""
    skipped = [report for report in terminalreporter.stats.get("skipped", []) if "no Chromium" in str(report.longrepr)]
    if skipped:
        terminalreporter.write_line(
            f"!!! {len(skipped)} browser tests were SKIPPED: there is no Chromium on this machine !!!",
            red=True,
            bold=True,
        )


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser's program, for tests marked `browser`."""
    found = find_chromium()
    assert found is not None, "mark the test with `browser`"
    return found


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """pytest-django's test database, and in it the roles' rights, so that a test can `SET LOCAL ROLE`."""
    with django_db_blocker.unblock():
        make_missing_roles()
        grant_tables()
    yield
    # Their connections would keep the database from being dropped; a wrapper is a cycle, so it goes with a collection.
    handler_threads.stop()
    gc.collect()
