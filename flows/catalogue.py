"""What exists in an organization, as the pure snapshot a definition is checked against."""

from uuid import UUID

from flows.engine.catalogue import CatalogueFacts
from flows.ports import catalogue_parts


def catalogue_of(organization_id: UUID, bot_id: UUID | None = None) -> CatalogueFacts:
    """Asks every registered part. Reads the database or memory only, so it may run inside a transaction."""
    parts = [provider(organization_id, bot_id) for provider in catalogue_parts()]
    return CatalogueFacts(
        gateway_accounts={key: account for part in parts for key, account in part.gateway_accounts.items()},
        default_account=next((part.default_account for part in parts if part.default_account), None),
        chats=frozenset().union(*(part.chats for part in parts)),
        media=frozenset().union(*(part.media for part in parts)),
        flows=frozenset().union(*(part.flows for part in parts)),
    )
