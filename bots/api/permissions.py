"""What a key may do: each view names a scope for reading and one for writing."""

from typing import Protocol

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from bots.models import ApiKey
from bots.permissions import ApiScope, scope_allows


class Scoped(Protocol):
    """A view that says which scopes it asks for; `write_scope` None: nothing can be written there."""

    read_scope: ApiScope
    write_scope: ApiScope | None


class HasScope(BasePermission):
    """The key has the scope that the view names for this method."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.auth, ApiKey):
            return False
        needed = _needed(request.method or "", view)
        return needed is not None and scope_allows(request.auth.scopes, needed)


def _needed(method: str, view: APIView) -> ApiScope | None:
    needed: ApiScope | None = getattr(view, "read_scope" if method in SAFE_METHODS else "write_scope", None)
    return needed
