"""Old and foreign documents in the present form. Each migration is total: what it does not know it leaves alone."""

from flows.engine.migrations import aliases

_MIGRATIONS = (aliases.apply,)


def upgrade(document: dict[str, object]) -> dict[str, object]:
    """The document in the present form; the one given is not changed. Never raises."""
    for migration in _MIGRATIONS:
        document = migration(document)
    return document
