"""A draft as text for its editor: keys in the order of the models, since the database keeps none."""

import json
from collections.abc import Mapping
from typing import Any

from flows.engine.definition import STEP_MODELS, FlowDocument
from flows.engine.testing.document import ConversationTest

# Read in this order wherever they appear; what is unknown follows in its own order.
_FIRST = ("id", "type", "position", "config", "connections", "conditions")
_ORDER = {
    name: place
    for place, name in enumerate(
        dict.fromkeys(
            [
                *_FIRST,
                *FlowDocument.model_fields,
                *(name for model in STEP_MODELS.values() for name in model.model_fields),
            ]
        )
    )
}

_TEST_ORDER = {
    name: place for place, name in enumerate(("name", "description", "type", *ConversationTest.model_fields))
}


class NotADefinition(ValueError):
    """The text is no JSON object."""


def text_of(draft: object) -> str:
    """Indented JSON with readable letters."""
    return json.dumps(_sorted(draft, _ORDER), ensure_ascii=False, indent=2)


def draft_of(text: str) -> dict[str, Any]:
    """The object a text holds. Raises NotADefinition."""
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise NotADefinition(str(error)) from None
    if not isinstance(value, dict):
        raise NotADefinition("not an object")
    return value


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON")


def test_text_of(document: object) -> str:
    """A test conversation as text: its name first, what is done and expected last."""
    return json.dumps(_sorted(document, _TEST_ORDER), ensure_ascii=False, indent=2)


def _sorted(value: object, order: Mapping[str, int]) -> object:
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: order.get(key, len(order)))
        return {key: _sorted(value[key], order) for key in keys}
    if isinstance(value, list):
        return [_sorted(item, order) for item in value]
    return value
