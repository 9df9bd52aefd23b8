"""What exists in an organization, as far as a definition may name it: a snapshot of plain facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Final
from uuid import UUID

from flows.engine.content import MediaType

# A step among the versions that run together: its version and its id.
StepKey = tuple[UUID, str]


@dataclass(frozen=True, slots=True)
class GatewayAccountFacts:
    """One gateway account: the currencies it takes, the payer fields (`email`, `document`, `name`) it needs, the least
    amount it takes of each currency in minor units, and for how many minutes its codes can live at least and at most.
    """

    id: str
    currencies: frozenset[str] = frozenset({"BRL"})
    payer_fields: frozenset[str] = frozenset()
    name: str = ""
    least_amounts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    shortest_minutes: int = 1
    longest_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class SubflowFacts:
    """A published flow as another may run it: its name, what it runs itself, and what a way through it is like.

    `returns`: its end can be come to; `returns_at_once`: without a wait; `returns_unpaid`: without paying. `enters` are
    the steps that the walk which comes in may enter, `leaves_by` those that the walk which goes out may. `writes`: the
    variables it leaves behind.
    """

    flow_id: str
    name: str
    steps: int
    calls: tuple["SubflowFacts", ...] = ()
    returns: bool = True
    returns_at_once: bool = False
    returns_unpaid: bool = True
    currencies: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    enters: frozenset[StepKey] = frozenset()
    leaves_by: frozenset[StepKey] = frozenset()


@dataclass(frozen=True, slots=True)
class CatalogueFacts:
    """Ids are strings. `default_account` is the first of the bot's accounts, if it has one; `accounts_in_order` are all
    that may be tried, it among them. `media` tells each file's kind; `flows` holds the published flows of the bot, by
    id; `flow_id` and `flow_name` are the checked flow's own."""

    gateway_accounts: Mapping[str, GatewayAccountFacts] = field(default_factory=lambda: MappingProxyType({}))
    default_account: str | None = None
    accounts_in_order: tuple[str, ...] = ()
    chats: frozenset[str] = frozenset()
    # Those among them in which the bot may let nobody in at the moment.
    closed_chats: frozenset[str] = frozenset()
    media: Mapping[str, MediaType] = field(default_factory=lambda: MappingProxyType({}))
    flows: Mapping[str, SubflowFacts] = field(default_factory=lambda: MappingProxyType({}))
    flow_id: str | None = None
    flow_name: str = ""
    # The organization's day, by its own clock; what depends on it is not checked where it is unknown.
    today: date | None = None


EMPTY_CATALOGUE: Final = CatalogueFacts()
