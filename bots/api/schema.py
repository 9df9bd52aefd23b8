"""What the OpenAPI schema says of every operation: how it repeats safely, and how it refuses."""

import re
from typing import Any, Final

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction, OpenApiParameter
from rest_framework import serializers

from bots.api import idempotency
from bots.api.errors import CONTENT_TYPE

IDEMPOTENCY_KEY: Final = OpenApiParameter(
    idempotency.HEADER,
    str,
    OpenApiParameter.HEADER,
    description="The same key and body again give the first answer, and nothing happens twice.",
)
_CLAUSE_END: Final = re.compile(r"[.:;](?:\s|$)")
REFUSALS: Final = {"4XX": "The request was refused.", "503": "Something it needs does not answer; try again."}


class FieldErrorSerializer(serializers.Serializer[Any]):
    """One thing wrong with the request."""

    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class RefusalSerializer(serializers.Serializer[Any]):
    """`application/problem+json` (RFC 9457). `code` is stable; `detail` is for people, in their language."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    errors = FieldErrorSerializer(many=True)  # type: ignore[assignment]
    hint = serializers.CharField(required=False)


class ApiSchema(AutoSchema):
    """Adds what all of our operations have in common."""

    def get_override_parameters(self) -> list[Any]:
        return [IDEMPOTENCY_KEY] if self.method == "POST" else []

    def get_summary(self) -> str | None:
        """The beginning of the description, which a list of operations shows."""
        summary: str | None = super().get_summary()
        return summary or _CLAUSE_END.split(self.get_description(), maxsplit=1)[0].replace("`", "").strip()

    def _get_response_bodies(self, direction: Direction = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        refusal: dict[str, Any] = self.resolve_serializer(RefusalSerializer(), "response").ref
        return bodies | {
            status: {"content": {CONTENT_TYPE: {"schema": refusal}}, "description": description}
            for status, description in REFUSALS.items()
        }
