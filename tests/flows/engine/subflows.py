"""Flows that run others, and people in them."""

from typing import Any

from flows.engine.state import Frame
from tests.support.conversation import Talk
from tests.support.flows import (
    a_flow,
    a_payment,
    a_question,
    an_access,
    buttons,
)
from tests.support.subflows import a_subflow, carrying, version_of

SURVEY = a_flow(
    [
        a_question("ask", "Sua cidade?", config={"save_as": "cidade"}, next="bye"),
        an_access("bye", "Anotado, {{cidade}}!"),
    ]
)


OFFER = a_flow(
    [
        buttons("menu", {"text": "Quero", "price": "10", "target_step": "pay"}, {"text": "Não", "target_step": "bye"}),
        a_payment("pay", None, config={"pending_minutes": 10}, next="vip", pending="bye"),
        an_access("vip", "Seu acesso", config={"link": "https://example.com/vip"}),
        an_access("bye", "Tudo bem!"),
    ]
)


IN_OFFER = (Frame(version_of("offer"), "sub"),)


def surveyed(*after: dict[str, Any]) -> Talk:
    """`sub` runs the survey, then comes `menu`, then `bye`: the ids of the survey's steps are used outside as well."""
    rest = after or (buttons("menu", "Ok", text="E agora?", next="bye"), an_access("bye", "Até logo, {{cidade}}!"))
    return Talk(a_subflow("sub", "survey", next=rest[0]["id"]), *rest, embedded=carrying(survey=SURVEY))


def offered(**fields: Any) -> Talk:
    return Talk(
        a_subflow("sub", "offer", next="ask"),
        a_question("ask", "Mais alguma coisa?", next="bye"),
        an_access("bye", "Até logo!"),
        embedded=carrying(offer=OFFER),
        **fields,
    )
