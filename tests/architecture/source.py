"""The project's Python source, parsed once, for rules that no linter has."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("config", "telegram_gateway", "payments", "flows", "bots")


@dataclass(frozen=True)
class Source:
    """One file: its path from the project's root, and its tree."""

    path: str
    tree: ast.Module

    def at(self, node: ast.AST) -> str:
        """A place a person can click on."""
        return f"{self.path}:{getattr(node, 'lineno', 0)}"


def parse(path: str, text: str) -> Source:
    """A source of one's own, to show that a rule notices."""
    return Source(path, ast.parse(text))


@cache
def sources() -> tuple[Source, ...]:
    """Every module of the apps, migrations left out."""
    return tuple(
        parse(str(path.relative_to(BASE_DIR)), path.read_text(encoding="utf-8"))
        for package in PACKAGES
        for path in sorted((BASE_DIR / package).rglob("*.py"))
        if "migrations" not in path.parts or "engine" in path.parts
    )


def imported_names(node: ast.Import | ast.ImportFrom) -> list[str]:
    """The dotted names an import brings in."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [f"{node.module or ''}.{alias.name}" for alias in node.names]


def imports(source: Source) -> Iterator[ast.Import | ast.ImportFrom]:
    """Every import statement, wherever it stands."""
    return (node for node in ast.walk(source.tree) if isinstance(node, ast.Import | ast.ImportFrom))


def functions(source: Source) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method."""
    return (node for node in ast.walk(source.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
