"""`{{name}}` in texts, URLs and prices: plain substitution, escaped for where it lands. No language, no attributes."""

import html
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from urllib.parse import quote

from flows.engine.fields import VARIABLE_NAME
from flows.engine.hygiene import readable

_PLACEHOLDER: Final = re.compile(r"\{\{\s*(" + VARIABLE_NAME.pattern + r")\s*\}\}", re.ASCII)
_ANY_BRACES: Final = re.compile(r"\{\{([^{}]{0,200})\}\}")

# What is always there, and what of it no contact can write: only that may decide a price.
TRUSTED_VARIABLES: Final = frozenset(
    {
        "chat_id",
        "bot_name",
        "bot_username",
        "organization_name",
        "support_contact",
        "payment.amount",
        "payment.price",
        "payment.status",
        "payment.coupon",
        "payment.discount",
        "payment.deadline",
        "now",
    }
)
BUILTIN_VARIABLES: Final = TRUSTED_VARIABLES | {
    "first_name",
    "last_name",
    "username",
    "start_payload",
    "last_input",
    "payment.description",
}

Escape = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Rendered:
    """The text with its variables filled in, and the names that nothing is known of, each once."""

    text: str
    unknown: tuple[str, ...]


def render(template: str, variables: Mapping[str, object], escape: Escape) -> Rendered:
    """Fills the template in one pass: what a variable holds is never read as a template again. Never raises.

    `escape` is applied to each value, not to the template. An unknown variable becomes an empty text.
    """
    unknown: dict[str, None] = {}

    def value_of(found: re.Match[str]) -> str:
        name = found.group(1)
        if name not in variables:
            unknown[name] = None
            return ""
        return escape(shown(variables[name]))

    return Rendered(_PLACEHOLDER.sub(value_of, template), tuple(unknown))


def escape_html(text: str) -> str:
    """For HTML texts: `& < >`, and quotes too, since a variable may stand in an attribute."""
    return html.escape(text, quote=True)


def escape_nothing(text: str) -> str:
    """For texts without a parse mode."""
    return text


def escape_url(text: str) -> str:
    """For a part of a URL's path or query."""
    return quote(text, safe="")


def escape_json(text: str) -> str:
    """For the inside of a JSON string."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def shown(value: object) -> str:
    """A variable's value as a text: numbers without exponent, lists with commas, nothing for what is no plain value."""
    match value:
        case str():
            return readable(value)
        case bool():
            return "true" if value else "false"
        case int():
            return str(value) if abs(value) < 10**30 else ""
        case float() | Decimal():
            number = Decimal(repr(value)) if isinstance(value, float) else value
            return f"{number.normalize():f}" if number.is_finite() and abs(number.adjusted()) < 30 else ""
        case list() | tuple():
            return ", ".join(shown(item) for item in value if isinstance(item, (str, int, float)))
        case _:
            return ""


def variables_in(template: str) -> Iterator[str]:
    """The names a template asks for, in its order."""
    return (found.group(1) for found in _PLACEHOLDER.finditer(template))


def only_variable_in(template: str) -> str | None:
    """The name, where the template is one variable and nothing else."""
    found = _PLACEHOLDER.fullmatch(template.strip())
    return found.group(1) if found else None


def broken_placeholders_in(template: str) -> Iterator[str]:
    """What stands between double braces and is no variable: it is said as it is written."""
    for found in _ANY_BRACES.finditer(template):
        if not _PLACEHOLDER.fullmatch(found.group(0)):
            yield found.group(0)


def is_template(text: str) -> bool:
    """Whether anything would be filled in."""
    return _PLACEHOLDER.search(text) is not None


def without_placeholders(template: str) -> str:
    """The fixed part of a template."""
    return _PLACEHOLDER.sub("", template)
