"""A partner's program: REST calls under an API key, without a network."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from bots.models import ApiKey, Organization
from bots.permissions import ApiScope
from bots.services import SYSTEM, create_api_key
from bots.tenancy import organization_scope

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

PROBLEM = "application/problem+json"
NOTHING: Any = object()


@dataclass
class Partner:
    """Calls `/api/v1/…` with the key; `secret` None: without one."""

    secret: str | None
    key: ApiKey | None = None
    client: Client = field(default_factory=Client)

    def call(
        self, method: str, path: str, body: Any = NOTHING, *, raw: bytes | str | None = None, **headers: str
    ) -> Answer:
        """The answer to one call. `body` is sent as JSON, `raw` as it is; `If_Match="1"` becomes a header."""
        data = raw if raw is not None else "" if body is NOTHING else json.dumps(body)
        sent = {"Authorization": f"Bearer {self.secret}"} if self.secret is not None else {}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = path if path.startswith("/") or "://" in path else f"/api/v1/{path}"
        return self.client.generic(
            method,
            url,
            data,
            content_type=named.pop("Content-Type", "application/json"),
            headers={**sent, **named},
        )

    def get(self, path: str, **headers: str) -> Answer:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = NOTHING, **headers: str) -> Answer:
        return self.call("POST", path, body, **headers)

    def upload(
        self, path: str, name: str, content: bytes, fields: Mapping[str, str] = MappingProxyType({}), **headers: str
    ) -> Answer:
        """The answer to a call with one file, as `multipart/form-data`."""
        form = {**fields, "file": SimpleUploadedFile(name, content)}
        raw = encode_multipart(BOUNDARY, form)
        return self.call("POST", path, raw=raw, Content_Type=MULTIPART_CONTENT, **headers)

    def put(self, path: str, body: Any = NOTHING, **headers: str) -> Answer:
        return self.call("PUT", path, body, **headers)

    def patch(self, path: str, body: Any = NOTHING, **headers: str) -> Answer:
        return self.call("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Answer:
        return self.call("DELETE", path, **headers)


def make_partner(organization: Organization, scopes: Iterable[ApiScope] = tuple(ApiScope)) -> Partner:
    """A partner of this organization, with every scope unless said otherwise."""
    with organization_scope(organization.pk):
        made = create_api_key(organization=organization, name="tests", scopes=scopes, actor=SYSTEM)
    return Partner(made.secret, made.key)


def refusal(response: Answer) -> dict[str, Any]:
    """The problem of a refused call, after a look at its form."""
    assert response.status_code >= 400, response.content
    assert response.headers["Content-Type"] == PROBLEM, response.content[:200]
    told: dict[str, Any] = response.json()
    assert {"type", "title", "status", "code", "detail", "errors"} <= set(told)
    assert told["status"] == response.status_code
    assert all(set(error) == {"field", "code", "message"} for error in told["errors"])
    return told


def answer(response: Answer, status: int = 200) -> Any:
    """The JSON of a call that went well."""
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == "application/json"
    return response.json()
