"""Old and foreign documents in the present form, when they are read: one pure function for each step of the format.

A document is brought from its own `spec_version` to the present one, step by step; then other systems' names for the same
things are taken over, whatever its version. Each step is total: what it does not know it leaves alone.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from flows.engine.migrations import aliases, from_0

Migration = Callable[[dict[str, Any]], dict[str, Any]]

# By the version a document comes in; the result is in the next one.
STEPS: Final[Mapping[int, Migration]] = {0: from_0.apply}


def upgrade(document: dict[str, object]) -> dict[str, object]:
    """The document in the present form; the one given is not changed. Never raises."""
    version = version_of(document)
    while version is not None and version in STEPS:
        document = STEPS[version](document)
        version += 1
    return aliases.apply(document)


def version_of(document: Mapping[str, object]) -> int | None:
    """The version a document says it is in, 0 where it says none; None for what is no version."""
    version = document.get("spec_version")
    if version is None:
        return 0
    return version if isinstance(version, int) and not isinstance(version, bool) else None
