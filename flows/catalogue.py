"""What exists in an organization, as the pure snapshot a definition is checked against."""

from collections.abc import Callable
from uuid import UUID

from flows.engine.catalogue import CatalogueFacts

# What one app knows of an organization; called with the organization and, where known, the bot whose flow is checked.
CataloguePartProvider = Callable[[UUID, UUID | None], CatalogueFacts]

_catalogue_parts: dict[str, CataloguePartProvider] = {}


def register_catalogue_part(name: str, provider: CataloguePartProvider) -> None:
    """Called in `AppConfig.ready()`; `provider(organization_id, bot_id)` reads the database or memory only."""
    _catalogue_parts[name] = provider


def catalogue_parts() -> tuple[CataloguePartProvider, ...]:
    """Every registered provider, in order of name."""
    return tuple(_catalogue_parts[name] for name in sorted(_catalogue_parts))


def catalogue_of(
    organization_id: UUID, bot_id: UUID | None = None, *, flow_id: UUID | None = None, flow_name: str = ""
) -> CatalogueFacts:
    """Asks every registered part. Reads the database or memory only, so it may run inside a transaction. `flow_id` and
    `flow_name` are those of the flow that is checked, where it has them yet."""
    parts = [provider(organization_id, bot_id) for provider in catalogue_parts()]
    return CatalogueFacts(
        gateway_accounts={key: account for part in parts for key, account in part.gateway_accounts.items()},
        default_account=next((part.default_account for part in parts if part.default_account), None),
        accounts_in_order=tuple(account for part in parts for account in part.accounts_in_order),
        chats=frozenset().union(*(part.chats for part in parts)),
        closed_chats=frozenset().union(*(part.closed_chats for part in parts)),
        media={key: kind for part in parts for key, kind in part.media.items()},
        flows={key: facts for part in parts for key, facts in part.flows.items()},
        flow_id=str(flow_id) if flow_id is not None else None,
        flow_name=flow_name,
        today=next((part.today for part in parts if part.today), None),
    )
