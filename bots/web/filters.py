"""What a list's address says: ids and choices that may be anything a person types."""

import uuid


def chosen_uuid(text: str | None) -> uuid.UUID | None:
    """The id in a filter; None for nothing, and for what is no id."""
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        return None
