"""What exists in an organization, as the pure snapshot a definition is checked against."""

from uuid import UUID

from flows.engine.validation import CatalogueFacts
from flows.ports import catalogue_parts


def catalogue_of(organization_id: UUID, bot_id: UUID | None = None) -> CatalogueFacts:
    """Asks every registered part. Reads the database or memory only, so it may run inside a transaction."""
    parts = [provider(organization_id, bot_id) for provider in catalogue_parts()]
    return CatalogueFacts(
        gateway_accounts=frozenset().union(*(part.gateway_accounts for part in parts)),
        chats=frozenset().union(*(part.chats for part in parts)),
        media=frozenset().union(*(part.media for part in parts)),
        flows=frozenset().union(*(part.flows for part in parts)),
    )
