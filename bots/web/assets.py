"""What the front-end build made: which files an entry needs, and where the icons are."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register
from django.templatetags.static import static

DIST = Path(settings.BASE_DIR) / "static" / "dist"


@dataclass(frozen=True, slots=True)
class Bundle:
    """The addresses an entry's page loads; empty before the first build."""

    scripts: tuple[str, ...] = ()
    preloads: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()


def bundle(entry: str) -> Bundle:
    """The files of an entry named by its source (`static/pages/app.ts`), imports and their styles included."""
    manifest = _read("manifest.json")
    if entry not in manifest:
        return Bundle()
    chunk = manifest[entry]
    imported = _imports(manifest, chunk)
    styles = [*chunk.get("css", ()), *(name for key in imported for name in manifest[key].get("css", ()))]
    return Bundle(
        scripts=(static(chunk["file"]),),
        preloads=tuple(static(manifest[key]["file"]) for key in imported),
        styles=tuple(static(name) for name in dict.fromkeys(styles)),
    )


def sprite_url() -> str:
    """The address of the icon sprite; empty before the first build."""
    file = _read("sprite.json").get("file", "")
    return static(file) if file else ""


@register(deploy=True)
def front_end_is_built(**_: Any) -> list[CheckMessage]:
    """Pages without styles are a mistake of the deployment, not of the visitor."""
    if (DIST / "manifest.json").exists():
        return []
    return [Warning("The front end is not built.", hint="npm ci && npm run build", id="bots.W101")]


def _imports(manifest: dict[str, Any], chunk: dict[str, Any]) -> list[str]:
    found: dict[str, None] = {}
    waiting = list(chunk.get("imports", ()))
    while waiting:
        key = waiting.pop()
        if key not in found:
            found[key] = None
            waiting.extend(manifest[key].get("imports", ()))
    return list(found)


def _read(name: str) -> dict[str, Any]:
    path = DIST / name
    try:
        changed = path.stat().st_mtime_ns
    except FileNotFoundError:
        return {}
    return _parsed(path, changed)


@lru_cache(maxsize=8)
def _parsed(path: Path, _changed: int) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
