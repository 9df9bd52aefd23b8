"""Every text of the sources is in the Portuguese catalogue, translated."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
from django.conf import settings
from django.utils.translation.template import templatize

BASE = Path(settings.BASE_DIR)
APPS = ("bots", "config", "flows", "payments", "telegram_gateway")
MARKERS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy"}
IN_TEMPLATE = re.compile(r"\b(?:n?gettext|_)\(u?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")")
CATALOGUE = polib.pofile(str(BASE / "locale/pt_BR/LC_MESSAGES/django.po"))


def texts_of_modules() -> Iterator[str]:
    for app in APPS:
        for path in (BASE / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and _name(node.func) in MARKERS and node.args:
                    first = node.args[0]
                    if isinstance(first, ast.Constant) and isinstance(first.value, str):
                        yield first.value


def texts_of_templates() -> Iterator[str]:
    for path in (BASE / "templates").rglob("*.*"):
        source = templatize(path.read_text(encoding="utf-8"), origin=str(path))
        for found in IN_TEMPLATE.findall(source):
            yield ast.literal_eval(found)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def test_nothing_is_left_in_english() -> None:
    known = {entry.msgid for entry in CATALOGUE if entry.translated()}
    wanted = {*texts_of_modules(), *texts_of_templates()}
    assert len(wanted) > 500
    assert sorted(wanted - known) == []


def test_no_translation_is_a_guess_and_none_is_left_over() -> None:
    assert [entry.msgid for entry in CATALOGUE if "fuzzy" in entry.flags or entry.obsolete] == []


def test_placeholders_are_the_same_on_both_sides() -> None:
    holes = re.compile(r"%\((\w+)\)[sd]|\{\{\w+\}\}")
    for entry in CATALOGUE:
        texts = [entry.msgstr] if not entry.msgid_plural else list(entry.msgstr_plural.values())
        for text in texts:
            assert set(holes.findall(text)) <= set(holes.findall(f"{entry.msgid} {entry.msgid_plural}")), entry.msgid
        assert set(holes.findall(entry.msgid_plural or entry.msgid)) <= set(holes.findall(texts[-1])), entry.msgid
