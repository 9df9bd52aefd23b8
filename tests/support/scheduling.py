"""How pytest-xdist hands tests out: file by file, and all that start processes to one worker, first of all."""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# Tests that start the product's processes or a browser: each wants the cores for itself, and takes long. Named by path,
# since the process that hands tests out knows no more of them; `tests/architecture` sees that none is forgotten.
HEAVY = (
    "tests/bots/api/test_docs.py",
    "tests/chaos/",
    "tests/config/supervisor/test_services.py",
    "tests/config/test_celery.py",
    "tests/config/test_supervisor.py",
    "tests/e2e/",
    "tests/processes/",
    "tests/purchase/test_changed_underneath.py",
    "tests/purchase/test_soak.py",
    "tests/telegram_gateway/test_run_polling.py",
)
ONE_BY_ONE = "one-by-one"


def is_heavy(nodeid: str) -> bool:
    """Whether a test is one of those."""
    return nodeid.startswith(HEAVY)


def heavy_first(items: list[pytest.Item]) -> None:
    """Bring the heavy tests to the front."""
    items.sort(key=lambda item: not is_heavy(item.nodeid))


class OneByOneScheduling(LoadScopeScheduling):
    """A file is one piece of work; all heavy files together are one."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        super().__init__(config, log)
        # Kept in the order of collection: the longest piece is first.
        self.config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return ONE_BY_ONE if is_heavy(nodeid) else nodeid.partition("::")[0]
