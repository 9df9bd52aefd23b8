"""A flow that charges Stars, and what Telegram asks and tells of it."""

from typing import Any

from tests.support.fake_telegram import Chat
from tests.support.flows import a_flow, a_payment, an_access, buttons
from tests.support.world import World

ACCESS = "Bem-vindo! Seu acesso: https://example.com/vip"


def stars_flow() -> Any:
    return a_flow(
        [
            buttons("menu", {"text": "Quero", "target_step": "pay"}, text="Olá!"),
            a_payment("pay", "50", config={"currency": "XTR", "description": "VIP 30 dias"}, next="vip"),
            an_access("vip", ACCESS),
        ]
    )


def to_the_invoice(world: World, chat: Chat) -> str:
    """From hello to the invoice; its link."""
    world.say(chat, "/start")
    world.press(chat, "Quero")
    urls = [
        button["url"] for call in world.telegram.sent_to(chat.user_id) for button in call.buttons if "url" in button
    ]
    return str(urls[-1])


def ask(world: World, chat: Chat, link: str, **more: Any) -> str | None:
    """Press *Pay*; None if the buyer may, else what Telegram shows."""
    update_id = chat.ask_to_pay(link, **more)
    world.settle()
    return chat.may_pay(update_id, timeout=1)


def texts_of(world: World, chat: Chat) -> list[str]:
    return [call.text for call in world.telegram.sent_to(chat.user_id)]
