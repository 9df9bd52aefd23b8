"""The registry of checks: each a function from the subject to findings, known by its name."""

from collections.abc import Callable, Iterator
from typing import Final

from flows.engine.problems import Finding
from flows.engine.validation.subject import Subject

Check = Callable[[Subject], Iterator[Finding]]

CHECKS: Final[dict[str, Check]] = {}


def check(function: Check) -> Check:
    """Registers a check under the name of its module."""
    name = function.__module__.rpartition(".")[2]
    if name in CHECKS:
        raise RuntimeError(f"Two checks are called {name}.")
    CHECKS[name] = function
    return function
