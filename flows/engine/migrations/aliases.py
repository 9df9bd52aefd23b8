"""Names taken over from older documents: `audio`, `video` and `content` for `message`, and empty parts as null."""

from typing import Any, Final

_TYPES: Final = frozenset({"audio", "video", "content"})
_MEDIA: Final = ("audio", "video")
_EMPTY_PARTS: Final = ("conditions", "connections", "position")


def apply(document: dict[str, Any]) -> dict[str, Any]:
    steps = document.get("flow_steps")
    if not isinstance(steps, (list, tuple)):
        return document
    renamed = [_step(step) if isinstance(step, dict) else step for step in steps]
    unchanged = all(new is old for new, old in zip(renamed, steps, strict=True))
    return document if unchanged else {**document, "flow_steps": renamed}


def _step(step: dict[str, Any]) -> dict[str, Any]:
    if any(part in step and step[part] is None for part in _EMPTY_PARTS):
        step = {key: value for key, value in step.items() if value is not None or key not in _EMPTY_PARTS}
    kind, config = step.get("type"), step.get("config")
    alias = isinstance(kind, str) and kind in _TYPES
    if not alias and kind != "message":
        return step
    if isinstance(config, dict):
        renamed = _config(config, kind if isinstance(kind, str) else "")
        if renamed is not config:
            step = {**step, "config": renamed}
    return {**step, "type": "message"} if alias else step


def _config(config: dict[str, Any], kind: str) -> dict[str, Any]:
    """`content` and `caption` become `text`; a media named by its type, or alone beside that type, becomes `media`."""
    renamed = dict(config)
    for name in ("content", "caption"):
        if isinstance(renamed.get(name), str) and "text" not in renamed:
            renamed["text"] = renamed.pop(name)
    for name in _MEDIA:
        if isinstance(renamed.get(name), str) and "media" not in renamed:
            renamed["media"] = {"type": name, **_source(renamed.pop(name))}
    if kind in _MEDIA and "media" not in renamed:
        source = {name: renamed.pop(name) for name in ("url", "asset", "file_id") if name in renamed}
        if source:
            renamed["media"] = {"type": kind, **source}
    return config if renamed == config else renamed


def _source(value: str) -> dict[str, str]:
    return {"url": value} if "://" in value else {"file_id": value}
