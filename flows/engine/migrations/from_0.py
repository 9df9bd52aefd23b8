"""Spec version 0, documents from before they said their version: prices and amounts were numbers."""

from typing import Any, Final

_PRICED: Final = ("price", "amount")


def apply(document: dict[str, Any]) -> dict[str, Any]:
    """The document in version 1."""
    migrated = {**document, "spec_version": 1}
    if "main_buttons" in document:
        migrated["main_buttons"] = _each(document["main_buttons"], _priced)
    if "flow_steps" in document:
        migrated["flow_steps"] = _each(document["flow_steps"], _step)
    return migrated


def _step(step: Any) -> Any:
    config = step.get("config") if isinstance(step, dict) else None
    if not isinstance(config, dict):
        return step
    config = _priced(config)
    if "custom_buttons" in config:
        config = {**config, "custom_buttons": _each(config["custom_buttons"], _button)}
    return {**step, "config": config}


def _button(button: Any) -> Any:
    priced = _priced(button)
    return {**priced, "bump": _priced(priced["bump"])} if isinstance(priced, dict) and "bump" in priced else priced


def _priced(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    written = {name: _as_text(part[name]) for name in _PRICED if name in part}
    return {**part, **written} if written else part


def _as_text(price: Any) -> Any:
    """29.9 as "29.90" and 30 as "30"; what is no sum of money stays, for the checks to name."""
    if isinstance(price, bool) or not isinstance(price, (int, float)):
        return price
    text = str(price)
    whole, point, decimals = text.partition(".")
    return f"{whole}.{decimals:0<2}" if point and decimals.isdigit() else text


def _each(items: Any, change: Any) -> Any:
    return [change(item) for item in items] if isinstance(items, (list, tuple)) else items
