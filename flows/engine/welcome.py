"""Welcome mode: the bot's own fields as the document of a version, run by the same engine (SPEC 2.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from flows.engine.texts import PORTUGUESE, BuiltinText, builtin_text

WELCOME_STEP: Final = "welcome"


def welcome_document(
    welcome_message: str,
    main_buttons: Sequence[Mapping[str, object]],
    redirect_buttons: Sequence[Mapping[str, object]],
    *,
    locale: str = PORTUGUESE,
    texts: Mapping[str, str] | None = None,
) -> dict[str, object]:
    """The built-in version of a bot without a flow; the same input gives the same document.

    A priced main button is charged and its `access` given when paid; an unpriced one says its description; then, paid
    or still unpaid, the buttons come again. Without a button to press the run ends after the text.
    """
    text = welcome_message if welcome_message.strip() else _text(BuiltinText.DEFAULT_WELCOME, locale, texts)
    described = [dict(button) for button in main_buttons if isinstance(button, Mapping)]
    redirects = [dict(button) for button in redirect_buttons if isinstance(button, Mapping)]
    shown = [_shown(index, button) for index, button in enumerate(described)] + [_link(button) for button in redirects]
    if any("url" not in button for button in shown):
        steps = [_buttons(text, shown)]
        steps += [
            _behind(index, button, locale, texts) for index, button in enumerate(described) if not button.get("url")
        ]
    else:
        steps = [{"id": WELCOME_STEP, "type": "message", "config": {"text": text, "url_buttons": shown}}]
    return {
        "spec_version": 1,
        "flow_start_step_id": WELCOME_STEP,
        "welcome_message": welcome_message,
        "main_buttons": described,
        "redirect_buttons": redirects,
        "allow_loops": True,
        "flow_steps": steps,
    }


def _buttons(text: str, shown: list[dict[str, object]]) -> dict[str, object]:
    # Whoever looks at one product's charge may press another product: that is no accident here.
    config = {"text": text, "custom_buttons": shown, "stale_press": "follow"}
    return {"id": WELCOME_STEP, "type": "buttons", "config": config}


def _shown(index: int, button: Mapping[str, object]) -> dict[str, object]:
    if button.get("url"):
        return _link(button)
    shown = {"text": button.get("text", ""), "target_step": _target(index)}
    return shown | {key: button[key] for key in ("price", "description") if button.get(key)}


def _link(button: Mapping[str, object]) -> dict[str, object]:
    return {"text": button.get("text", ""), "url": button.get("url", "")}


def _target(index: int) -> str:
    return f"main_{index + 1}"


def _behind(
    index: int, button: Mapping[str, object], locale: str, texts: Mapping[str, str] | None
) -> dict[str, object]:
    """The step behind a main button: its charge, or its description."""
    if not button.get("price"):
        text = button.get("description") or _text(BuiltinText.DEFAULT_DESCRIPTION, locale, texts)
        return {
            "id": _target(index),
            "type": "message",
            "config": {"text": text},
            "connections": {"next": WELCOME_STEP},
        }
    given = button.get("access") or {"text": _text(BuiltinText.PAID_THANKS, locale, texts)}
    return {
        "id": _target(index),
        "type": "payment",
        "config": {"deliver": given},
        "connections": {"next": WELCOME_STEP, "pending": WELCOME_STEP},
    }


def _text(code: BuiltinText, locale: str, texts: Mapping[str, str] | None) -> str:
    return builtin_text(code, locale=locale, edits=texts)
