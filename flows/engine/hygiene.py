"""Whether a value is a sane JSON document before anything looks into it: depth, size, text, numbers."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from flows.engine import limits
from flows.engine.problem_codes import Code
from flows.engine.problems import Finding

_MAX_INT: Final = 2**63 - 1
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Inspected:
    """The value with what JSON cannot hold replaced, and what was found. Where `fatal`, nothing of it can be read."""

    value: object
    findings: tuple[tuple[Path, Finding], ...]
    fatal: bool


def inspect(document: object) -> Inspected:
    """Looks at every node, without recursion. Never raises."""
    if _is_plain(document):
        return Inspected(document, (), fatal=False)
    findings: list[tuple[Path, Finding]] = []
    size = 0
    pending: list[tuple[object, Path]] = [(document, ())]
    while pending:
        node, path = pending.pop()
        size += _bytes_of(node)
        if size > limits.MAX_DOCUMENT_BYTES:
            return _fatal(Code.TOO_LARGE, {"limit": "1 MiB"})
        if len(path) > limits.MAX_DEPTH:
            return _fatal(Code.TOO_DEEP, {"limit": limits.MAX_DEPTH})
        if (code := _fault_of(node)) and len(findings) < limits.MAX_PROBLEMS:
            findings.append((path, Finding(code, None, dotted(path))))
        pending.extend(_children(node, path))
    findings.reverse()
    return Inspected(_mended(document) if findings else document, tuple(findings), fatal=False)


def _is_plain(document: object) -> bool:
    """Whether there is nothing to find: the way nearly every document goes, several times faster than finding it."""
    size = 0
    level: list[Any] = [document]
    for _ in range(limits.MAX_DEPTH):
        below: list[Any] = []
        for node in level:
            kind = type(node)
            if kind is str:
                if not _clean(node):
                    return False
                size += len(node) if node.isascii() else len(node.encode())
            elif kind is dict:
                below.extend(node)
                below.extend(node.values())
                if not all(type(key) is str for key in node):
                    return False
            elif kind is list:
                below.extend(node)
            elif kind is int or kind is float:
                if not -_MAX_INT <= node <= _MAX_INT:  # false of NaN, too
                    return False
            elif node is not None and kind is not bool:
                return False
        size += 3 * len(level)
        if size > limits.MAX_DOCUMENT_BYTES:
            return False
        if not below:
            return True
        level = below
    return False


def dotted(path: Path) -> str:
    """The path as problems show it: `flow_steps.3.config.text`."""
    return ".".join(_shown(part) if isinstance(part, str) else str(part) for part in path)


def readable(text: str) -> str:
    """The text without what neither JSON nor PostgreSQL can hold."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


def _shown(key: str) -> str:
    return readable(key[: limits.MAX_ID])


def _fatal(code: Code, values: dict[str, object]) -> Inspected:
    return Inspected(None, (((), Finding(code, None, "", values)),), fatal=True)


def _children(node: object, path: Path) -> Iterator[tuple[object, Path]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield key, (*path, str(key) if isinstance(key, (str, int)) and not isinstance(key, bool) else "?")
            yield value, (*path, key if isinstance(key, str) else "?")
    elif isinstance(node, (list, tuple)):
        for index, item in enumerate(node):
            yield item, (*path, index)


def _bytes_of(node: object) -> int:
    if isinstance(node, str):
        return len(node) + 3 if node.isascii() else len(node.encode("utf-8", "replace")) + 3
    return 2


def _fault_of(node: object) -> Code | None:
    match node:
        case str():
            return None if _clean(node) else Code.BAD_TEXT
        case bool() | None | dict() | list() | tuple():
            return None
        case int():
            return None if -_MAX_INT <= node <= _MAX_INT else Code.BAD_NUMBER
        case float():
            return None if math.isfinite(node) else Code.BAD_NUMBER
        case _:
            return Code.NOT_JSON


def _clean(text: str) -> bool:
    if text.isascii():
        return "\0" not in text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _mended(node: object) -> object:
    # Recursion is safe here: the depth was measured before.
    if isinstance(node, dict):
        return {readable(key): _mended(value) for key, value in node.items() if isinstance(key, str)}
    if isinstance(node, (list, tuple)):
        return [_mended(item) for item in node]
    if isinstance(node, str):
        return readable(node)
    return None if _fault_of(node) else node
