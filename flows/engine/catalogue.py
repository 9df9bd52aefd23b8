"""What exists in an organization, as far as a definition may name it: a snapshot of plain facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class GatewayAccountFacts:
    """One gateway account: the currencies it takes, and the payer fields (`email`, `document`, `name`) it needs."""

    id: str
    currencies: frozenset[str] = frozenset({"BRL"})
    payer_fields: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CatalogueFacts:
    """Ids are strings. `default_account` is the first of the bot's accounts, if it has one."""

    gateway_accounts: Mapping[str, GatewayAccountFacts] = field(default_factory=lambda: MappingProxyType({}))
    default_account: str | None = None
    chats: frozenset[str] = frozenset()
    media: frozenset[str] = frozenset()
    flows: frozenset[str] = frozenset()


EMPTY_CATALOGUE: Final = CatalogueFacts()
