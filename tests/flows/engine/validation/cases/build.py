"""What a case is, and the small flows that cases are made of."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flows.engine.catalogue import EMPTY_CATALOGUE, CatalogueFacts, GatewayAccountFacts
from flows.engine.content import MediaType
from flows.engine.problem_codes import Code
from tests.support.flows import (
    Document,
    a_flow,
    a_payment,
    a_question,
    an_access,
    buttons,
)

Found = tuple[Code, str | None, str]


@dataclass(frozen=True)
class Failing:
    document: Any
    finds: tuple[Found, ...]
    catalogue: CatalogueFacts = EMPTY_CATALOGUE


@dataclass(frozen=True)
class Passing:
    document: Any
    catalogue: CatalogueFacts = EMPTY_CATALOGUE


@dataclass(frozen=True)
class Cases:
    failing: tuple[Failing, ...]
    passing: tuple[Passing, ...]


SANDBOX = GatewayAccountFacts("sandbox", frozenset({"BRL"}))
STRICT = GatewayAccountFacts("strict", frozenset({"BRL"}), frozenset({"email", "document"}))
WITH_SANDBOX = CatalogueFacts(
    gateway_accounts={"sandbox": SANDBOX, "strict": STRICT},
    default_account="sandbox",
    chats=frozenset({"-100", "-300"}),
    closed_chats=frozenset({"-300"}),
    media={"cover": MediaType.PHOTO, "hello": MediaType.VOICE},
)
# A bot's list: the first takes a little, the second needs more of everything, the third takes Stars only.
SMALL = GatewayAccountFacts("small", name="Pequena", least_amounts={"BRL": 50}, longest_minutes=41_760)
LARGE = GatewayAccountFacts(
    "large",
    payer_fields=frozenset({"document", "name"}),
    name="Grande",
    least_amounts={"BRL": 500},
    shortest_minutes=30,
)
STARS_ONLY = GatewayAccountFacts("stars", frozenset({"XTR"}), frozenset({"email"}), name="Stars")
WITH_FAILOVER = CatalogueFacts(
    gateway_accounts={"small": SMALL, "large": LARGE, "stars": STARS_ONLY},
    default_account="small",
    accounts_in_order=("stars", "small", "large"),
)
KNOWN_PAYER = {"payer": {"document": "cpf", "name": "nome"}}
END = an_access("end", "Fim")


def fails(document: Document, *finds: Found, catalogue: CatalogueFacts = EMPTY_CATALOGUE) -> Failing:
    return Failing(document, finds, catalogue)


def cases(failing: Iterable[Failing], passing: Iterable[Document | Passing]) -> Cases:
    made = (one if isinstance(one, Passing) else Passing(one) for one in passing)
    return Cases(tuple(failing), tuple(made))


def asked(*conditions: Document, **parts: Any) -> Document:
    """A flow of one question with these conditions, and an end."""
    return a_flow([a_question("q", conditions=list(conditions), **parts), END])


def pressed(*custom: str | Document, conditions: Iterable[Document] = (), **parts: Any) -> Document:
    """A flow of one buttons step, and an end."""
    return a_flow([buttons("b", *custom, conditions=list(conditions), **parts), END])


def charged(*others: Document, amount: str | None = "29.90", **parts: Any) -> Document:
    """A flow of one payment, and an end."""
    return a_flow([a_payment("pay", amount, **{"next": "end", "pending": "end", **parts}), END, *others])


def ring(*steps: Document, **fields: Any) -> Document:
    """A flow of these steps, each leading to the one after it, the last to the first."""
    ids = [step["id"] for step in steps]
    linked = [
        {**step, "connections": {"next": ids[(place + 1) % len(ids)]}, "conditions": step.get("conditions", [])}
        for place, step in enumerate(steps)
    ]
    return a_flow(linked, **fields)
