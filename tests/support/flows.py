"""Builders of flow documents: as little as a test needs to say."""

from collections.abc import Iterable
from typing import Any

Document = dict[str, Any]

SALE_PRICE = "29.90"


def a_step(step_id: str, step_type: str, config: Document | None = None, **parts: Any) -> Document:
    """A step; `next`, `pending`, `retry` become its connections."""
    connections = {name: parts.pop(name) for name in ("next", "pending", "retry") if name in parts}
    step: Document = {"id": step_id, "type": step_type, "config": config or {}, **parts}
    if connections:
        step["connections"] = connections
    return step


def a_message(step_id: str, text: str = "Oi", **parts: Any) -> Document:
    return a_step(step_id, "message", {"text": text, **parts.pop("config", {})}, **parts)


def a_question(step_id: str, text: str = "Qual é?", *, config: Document | None = None, **parts: Any) -> Document:
    return a_step(step_id, "question", {"text": text, **(config or {})}, **parts)


def buttons(step_id: str, *custom: str | Document, text: str = "Escolha:", **parts: Any) -> Document:
    """A buttons step; a plain text is a button that leads nowhere by itself."""
    made = [{"text": button} if isinstance(button, str) else button for button in custom]
    return a_step(step_id, "buttons", {"text": text, "custom_buttons": made, **parts.pop("config", {})}, **parts)


def a_payment(step_id: str, amount: str | None = SALE_PRICE, **parts: Any) -> Document:
    config = {"amount": amount} if amount is not None else {}
    return a_step(step_id, "payment", {**config, **parts.pop("config", {})}, **parts)


def an_access(step_id: str, text: str = "Bem-vindo!", **parts: Any) -> Document:
    return a_step(step_id, "access", {"text": text, **parts.pop("config", {})}, **parts)


def a_deliver(step_id: str, text: str = "Seu arquivo", **parts: Any) -> Document:
    return a_step(step_id, "deliver", {"text": text, **parts.pop("config", {})}, **parts)


def a_delay(step_id: str, **parts: Any) -> Document:
    """A delay of the durations given, five minutes by default."""
    units = ("seconds", "minutes", "hours", "days", "until", "weekdays", "avoid_quiet_hours")
    config = {unit: parts.pop(unit) for unit in units if unit in parts}
    return a_step(step_id, "delay", config or {"minutes": 5}, **parts)


def a_branch(step_id: str, *conditions: Document, **parts: Any) -> Document:
    return a_step(step_id, "branch", conditions=list(conditions), **parts)


def a_set(step_id: str, **parts: Any) -> Document:
    fields = ("assign", "clear", "add_tags", "remove_tags")
    config: Document = {name: parts.pop(name) for name in fields if name in parts}
    return a_step(step_id, "set", config, **parts)


def a_split(step_id: str, *arms: tuple[str, float, str], **parts: Any) -> Document:
    """A split of arms by name, weight and target."""
    made = [{"name": name, "weight": weight, "target_step": target} for name, weight, target in arms]
    return a_step(step_id, "split", {"arms": made}, **parts)


def a_condition(condition_type: str, target_step: str, **fields: Any) -> Document:
    return {"type": condition_type, "target_step": target_step, **fields}


def a_flow(steps: Iterable[Document] = (), *, start: str | None = None, **fields: Any) -> Document:
    """A document that starts at its first step unless said otherwise."""
    made = list(steps) or [an_access("bye", "Até logo!")]
    first = start if start is not None else made[0]["id"]
    return {"spec_version": 1, "flow_start_step_id": first, "flow_steps": made, **fields}


def sales_flow(*, amount: str = SALE_PRICE, attempts: int = 3) -> Document:
    """Buttons, the buyer's e-mail, a payment, the access: `menu → ask_email → pay → vip`.

    Ways out: *Só olhando* ends at `bye`; three wrong e-mails end at `help`; still unpaid is reminded at `remind`, from
    where *Quero pagar* leads to `pay_again`.
    """
    return a_flow(
        [
            buttons(
                "menu",
                "Quero entrar",
                {"text": "Só olhando", "target_step": "bye"},
                text="Olá {{first_name}}! O que você quer?",
                conditions=[a_condition("button_click", "ask_email", button_text="Quero entrar", order=1)],
            ),
            a_question(
                "ask_email",
                "Qual é o seu e-mail?",
                config={"save_as": "email", "retry_text": "Esse e-mail não parece certo. Pode conferir?"},
                conditions=[
                    a_condition(
                        "text_validation",
                        "pay",
                        validation="email",
                        max_attempts=attempts,
                        fallback_step="help",
                    )
                ],
            ),
            a_payment(
                "pay",
                amount,
                config={
                    "description": "VIP 30 dias",
                    "pending_minutes": 15,
                    "deliver": {"text": "Pagamento confirmado. Seu acesso: https://example.com/vip"},
                    "payer": {"email": "email"},
                },
                next="vip",
                pending="remind",
            ),
            buttons(
                "remind",
                {"text": "Quero pagar", "target_step": "pay_again"},
                {"text": "Agora não", "target_step": "bye"},
                text="Seu PIX ainda está aberto.",
            ),
            a_payment(
                "pay_again",
                amount,
                config={"description": "VIP 30 dias", "payer": {"email": "email"}},
                next="vip",
                pending="bye",
            ),
            an_access("vip", "Bem-vindo ao VIP, {{first_name}}!", config={"link": "https://example.com/vip"}),
            an_access("help", "Nossa equipe vai falar com você."),
            an_access("bye", "Até logo!"),
        ],
        welcome_message="Olá {{first_name}}!",
    )
