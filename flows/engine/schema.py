"""The JSON Schema (draft 2020-12) of a flow document, made from the models: forms and types come from it."""

from typing import Any, Final

from flows.engine.definition import FlowDocument

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """The schema. It holds the rules of single fields; what needs more than one field is `validate`'s."""
    schema = FlowDocument.model_json_schema(mode="validation")
    schema.pop("title", None)
    for part in (schema, *schema["$defs"].values()):
        for name, field in part.get("properties", {}).items():
            field.setdefault("title", name.replace("_", " ").capitalize())
    return {"$schema": DIALECT, "title": "Trilho flow", **schema}
