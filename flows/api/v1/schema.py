"""The flow definition in the OpenAPI schema: the models' own JSON Schema, as components."""

from typing import Any, Final

from drf_spectacular.generators import SchemaGenerator

from flows.engine.schema import json_schema
from flows.engine.testing.document import MAX_ITEMS, MAX_NAME

DEFINITION: Final = "FlowDefinition"
# A draft is kept with whatever problems it has, so anything that is an object will do.
DRAFT: Final[dict[str, Any]] = {
    "type": "object",
    "description": f"A flow definition (`{DEFINITION}`); while it is a draft, with whatever problems it has.",
    "anyOf": [{"$ref": f"#/components/schemas/{DEFINITION}"}, {"type": "object"}],
}
TEST_DOCUMENT: Final[dict[str, Any]] = {
    "type": "object",
    "description": "A test conversation: a name, and the items that are done and expected, in their order.",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "maxLength": MAX_NAME},
        "steps": {"type": "array", "maxItems": MAX_ITEMS, "items": {"type": "object"}},
    },
}


def add_flow_definition(result: dict[str, Any], generator: SchemaGenerator, **_: Any) -> dict[str, Any]:
    """A postprocessing hook: the definition and its parts become components, under names of their own."""
    whole = json_schema()
    whole.pop("$schema")
    parts = whole.pop("$defs")
    schemas = result["components"]["schemas"]
    schemas |= {_name(name): _referring(part) for name, part in parts.items()} | {DEFINITION: _referring(whole)}
    result["components"]["schemas"] = dict(sorted(schemas.items()))
    return result


def _name(part: str) -> str:
    return f"{DEFINITION}{part}"


def _referring(value: Any) -> Any:
    """The schema with every `#/$defs/X` turned to where X lies now."""
    if isinstance(value, dict):
        return {name: _referring(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_referring(inner) for inner in value]
    if isinstance(value, str) and value.startswith("#/$defs/"):
        return f"#/components/schemas/{_name(value.removeprefix('#/$defs/'))}"
    return value
