"""What every test stands on: servers, a network that ends at this machine, reproducible examples."""

import os

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "ci", derandomize=True, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", deadline=None, max_examples=1_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

ON_REQUEST = ("chaos", "bench")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what runs only by a command of its own, unless its marker is asked for."""
    asked_for = str(config.getoption("-m"))
    for marker in ON_REQUEST:
        if marker in asked_for:
            continue
        for item in items:
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=f"runs only by `make {marker}`"))
