"""House rules no linter knows. Each has a planted offence beside it, so that a rule that sees nothing fails."""

import ast
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

import pytest

from tests.architecture.source import Source, functions, imported_names, imports, parse, sources

Rule = Callable[[Source], Iterator[str]]

_MONEY_WORDS = ("amount", "price", "minor", "fee", "total", "money", "cents", "refunded", "received")


def late_imports(source: Source) -> Iterator[str]:
    """Imports inside functions hide a cycle. `ready()` of an app is the place Django made for them."""
    for function in functions(source):
        if source.path.endswith("apps.py") and function.name == "ready":
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield source.at(node)


def floats_in_money(source: Source) -> Iterator[str]:
    """Money is whole minor units; a float loses one of them sooner or later."""
    path = PurePosixPath(source.path)
    if path.parts[:1] != ("payments",):
        return
    for node in ast.walk(source.tree):
        if _makes_float(node) or _is_float_field(node) or _holds_money_as_float(node) or _calculates_in_floats(node):
            yield source.at(node)


def _makes_float(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float"


def _calculates_in_floats(node: ast.AST) -> bool:
    """True division always makes a float of whole numbers; so does any calculation with a literal one."""
    if not isinstance(node, ast.BinOp | ast.AugAssign):
        return False
    sides = (node.left, node.right) if isinstance(node, ast.BinOp) else (node.target, node.value)
    literal = any(isinstance(side, ast.Constant) and isinstance(side.value, float) for side in sides)
    return literal or (isinstance(node.op, ast.Div) and any(map(_names_money, sides)))


def _names_money(node: ast.AST) -> bool:
    return any(
        any(word in name for word in _MONEY_WORDS)
        for part in ast.walk(node)
        for name in (getattr(part, "id", ""), getattr(part, "attr", ""))
    )


def _is_float_field(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "FloatField"


def _holds_money_as_float(node: ast.AST) -> bool:
    return isinstance(node, ast.AnnAssign | ast.arg) and _names_float(node.annotation) and _is_money(node)


def _names_float(annotation: ast.expr | None) -> bool:
    return annotation is not None and any(
        isinstance(part, ast.Name) and part.id == "float" for part in ast.walk(annotation)
    )


def _is_money(node: ast.AnnAssign | ast.arg) -> bool:
    name = node.arg if isinstance(node, ast.arg) else ast.unparse(node.target)
    return any(word in name for word in _MONEY_WORDS)


def django_signals(source: Source) -> Iterator[str]:
    """A signal is an import upwards that nobody can see."""
    for node in imports(source):
        for name in imported_names(node):
            if name.startswith(("django.dispatch", "django.db.models.signals", "django.core.signals")) or (
                name.startswith("django.") and ".signals" in name
            ):
                yield source.at(node)


def tasks_sent_by_hand(source: Source) -> Iterator[str]:
    """Bells go through `bots.jobs`, which cannot block; work goes into rows."""
    if source.path in {"bots/jobs.py", "bots/bells.py"}:
        return
    for node in ast.walk(source.tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in {"delay", "apply_async", "send_task"}
        ):
            yield source.at(node)


def later_by_broker(source: Source) -> Iterator[str]:
    """What is due later is a row with `due_at`: a broker loses it, and Redis delivers a long ETA again and again."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.keyword) and node.arg in {"eta", "countdown"}:
            yield source.at(node.value)


def module_without_docstring(source: Source) -> Iterator[str]:
    """One line on every module: what lives here."""
    if source.tree.body and ast.get_docstring(source.tree) is None:
        yield source.at(source.tree.body[0])


RULES: dict[Rule, tuple[str, str]] = {
    late_imports: ("flows/services/x.py", '"""X."""\ndef f():\n    import os\n'),
    floats_in_money: ("payments/domain/x.py", '"""X."""\namount: float = 1\n'),
    django_signals: ("bots/x.py", '"""X."""\nfrom django.db.models.signals import post_save\n'),
    tasks_sent_by_hand: ("flows/tasks.py", '"""X."""\nlook.delay()\n'),
    later_by_broker: ("bots/bells.py", '"""X."""\nsend(countdown=5)\n'),
    module_without_docstring: ("bots/x.py", "import os\n"),
}
names = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)


@names
def test_the_source_keeps_the_rule(rule: Rule) -> None:
    assert [place for source in sources() for place in rule(source)] == []


@names
def test_the_rule_notices_an_offence(rule: Rule) -> None:
    assert len(list(rule(parse(*RULES[rule])))) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("payments/domain/x.py", '"""X."""\ncool = float("1")\n'),
        ("payments/models/x.py", '"""X."""\nfee = models.FloatField()\n'),
        ("payments/gateways/x.py", '"""X."""\ndef f(price: float | None) -> None: ...\n'),
        ("payments/services/x.py", '"""X."""\nhalf = payment.amount_minor / 2\n'),
        ("payments/services/x.py", '"""X."""\nwith_fee = amount * 1.05\n'),
        ("payments/services/x.py", '"""X."""\nfee_minor *= 1.05\n'),
        ("payments/services/x.py", '"""X."""\nreais = float(amount)\n'),
        ("payments/web/views/x.py", '"""X."""\ntotal: float = 0\n'),
    ],
)
def test_no_float_slips_into_money(path: str, text: str) -> None:
    assert len(list(floats_in_money(parse(path, text)))) == 1


def test_an_app_may_import_late_when_it_is_ready() -> None:
    text = '"""X."""\nclass C:\n    def ready(self):\n        from flows import tasks\n'
    assert list(late_imports(parse("flows/apps.py", text))) == []
    assert len(list(late_imports(parse("flows/services/x.py", text)))) == 1


def test_there_is_source_to_look_at() -> None:
    assert len(sources()) > 100
