"""Who calls: an API key in `Authorization: Bearer <key>`, found by its hash."""

import re
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from bots.models import ApiKey
from bots.services.api_keys import hash_api_key

SCHEME: Final = "Bearer"
_HEADER: Final = re.compile(r"Bearer +(\S{1,200})", re.IGNORECASE)
# A key used all day is written once in a while, not once per request.
USED_PRECISION: Final = timedelta(minutes=5)


def find_key(request: HttpRequest) -> tuple[UUID, UUID] | None:
    """The ids of a request's key and of its organization, or None: looked up before any organization is known."""
    match = _HEADER.fullmatch(request.headers.get("Authorization", "").strip())
    if match is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT key_id, organization_id FROM trilho_api_key_by_hash(%s)", [hash_api_key(match[1])])
        found: tuple[UUID, UUID] | None = cursor.fetchone()
    return found


def usable_key(key_id: UUID) -> ApiKey | None:
    """The key of the active organization, unless it is revoked or expired."""
    key = ApiKey.objects.select_related("organization").filter(pk=key_id).first()
    return key if key is not None and key.is_usable else None


def key_of(request: Request) -> ApiKey:
    """The key behind a request that was let in."""
    assert isinstance(request.auth, ApiKey)
    return request.auth


def note_use(key: ApiKey) -> None:
    """Remember that the key is in use, at most once in a few minutes."""
    now = timezone.now()
    if key.last_used_at is None or now - key.last_used_at > USED_PRECISION:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)


class ApiKeyAuthentication(BaseAuthentication):
    """Takes the key that the view has already looked up, because the scope must stand before anything else runs."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, ApiKey] | None:
        key: ApiKey | None = getattr(request._request, "api_key", None)
        if key is not None:
            return AnonymousUser(), key
        if request.headers.get("Authorization"):
            raise AuthenticationFailed(_("This API key is unknown, revoked or expired."))
        return None

    def authenticate_header(self, request: Request) -> str:
        return SCHEME


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tells the OpenAPI schema about the key."""

    target_class = "bots.api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An API key of one organization (`trl_…`)."}
