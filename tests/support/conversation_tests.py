"""Saved test conversations that tests of several places use."""

from typing import Any
from uuid import UUID

from flows.engine.compile import Flow, VersionKind, compile_flow
from flows.engine.testing.document import ConversationTest
from flows.engine.testing.parse import parse_test
from flows.engine.testing.play import play
from flows.engine.testing.report import Report

VERSION = UUID(int=0xB)

PAYS: dict[str, Any] = {
    "name": "paga → recebe o acesso",
    "steps": [
        {"type": "command", "command": "start"},
        {
            "type": "expect_replies",
            "replies": [{"text": "Olá Ana! O que você quer?", "buttons": ["Quero entrar", "Só olhando"]}],
        },
        {"type": "press", "text": "Quero entrar"},
        {"type": "expect_replies", "replies": [{"text": "Qual é o seu e-mail?"}]},
        {"type": "text", "text": "ana@example.com"},
        {"type": "expect_replies", "replies": [{"amount": "29.90"}, {"amount": "29.90", "contains": "Copie o código"}]},
        {"type": "expect_variables", "variables": {"email": "ana@example.com"}},
        {"type": "expect_step", "step": "pay"},
        {"type": "payment", "outcome": "paid"},
        {
            "type": "expect_replies",
            "replies": [
                {"contains": "Pagamento confirmado."},
                {"text": "Bem-vindo ao VIP, Ana!\nhttps://example.com/vip"},
            ],
        },
        {"type": "expect_state", "state": "ended"},
    ],
}

WRONG_THREE_TIMES: dict[str, Any] = {
    "name": "e-mail errado três vezes → equipe",
    "steps": [
        {"type": "command", "command": "start"},
        {"type": "press", "text": "Quero entrar"},
        {"type": "text", "text": "ana"},
        {"type": "expect_replies", "replies": [{"contains": "não parece certo"}]},
        {"type": "text", "text": "ana@"},
        {"type": "expect_step", "step": "ask_email"},
        {"type": "text", "text": "@"},
        {"type": "expect_replies", "replies": [{"text": "Nossa equipe vai falar com você."}]},
        {"type": "expect_state", "state": "ended"},
    ],
}

STILL_UNPAID: dict[str, Any] = {
    "name": "não paga → lembrete → paga depois do fim",
    "steps": [
        {"type": "command", "command": "start"},
        {"type": "press", "text": "Quero entrar"},
        {"type": "text", "text": "ana@example.com"},
        {"type": "wait", "minutes": 15},
        {"type": "expect_replies", "replies": [{"text": "Seu PIX ainda está aberto."}]},
        {"type": "wait", "hours": 1},
        {"type": "expect_no_reply"},
        {"type": "expect_charge", "status": "expired", "count": 1},
        {"type": "payment", "outcome": "late_paid"},
        {"type": "expect_replies", "replies": [{"contains": "Bem-vindo ao VIP"}], "others": True},
    ],
}


def a_test(*steps: dict[str, Any], **fields: Any) -> ConversationTest:
    """A test of these items; what cannot be read fails the caller."""
    parsed = parse_test({"name": "um teste", **fields, "steps": list(steps)})
    assert parsed.test is not None, parsed.problems
    return parsed.test


def played(definition: dict[str, Any], test: ConversationTest | dict[str, Any], **fields: Any) -> Report:
    """The test on the definition."""
    flow: Flow = compile_flow(VERSION, definition, kind=VersionKind.PUBLISHED)
    if isinstance(test, dict):
        parsed = parse_test(test)
        assert parsed.test is not None, parsed.problems
        test = parsed.test
    return play(flow, test, **fields)
