"""The base of every REST view: the key first, then one scoped transaction, then the answer."""

import hashlib
from collections.abc import Mapping
from contextlib import ExitStack, nullcontext
from typing import Any, ClassVar, Final
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bots.api import throttling
from bots.api.authentication import ApiKeyAuthentication, find_key, key_of, note_use, usable_key
from bots.api.errors import BodyTooLarge
from bots.api.idempotency import idempotent
from bots.api.parsers import StrictJsonParser
from bots.api.permissions import HasScope
from bots.api.throttling import KeyThrottle
from bots.errors import NotFound
from bots.models import ApiKey
from bots.permissions import ApiScope
from bots.tenancy import no_transaction, organization_scope, scoped_transaction

FIRST_ERROR: Final = 400


class ApiView(APIView):
    """A view for API keys. It sees one organization, that of its key, and changes all or nothing.

    A view that calls something outside sets `in_transaction = False` and opens short transactions itself. Every POST
    understands `Idempotency-Key`. A list names the columns it can be filtered by in `filters`, and those
    that hold moments in `moments`.
    """

    authentication_classes = [ApiKeyAuthentication]
    permission_classes = [HasScope]
    throttle_classes = [KeyThrottle]
    parser_classes = [StrictJsonParser]
    # OPTIONS would describe forms that our views do not have; the schema describes them.
    metadata_class = None
    read_scope: ClassVar[ApiScope]
    write_scope: ClassVar[ApiScope | None] = None
    filters: ClassVar[tuple[str, ...]] = ()
    moments: ClassVar[Mapping[str, str]] = {}
    in_transaction: ClassVar[bool] = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "post" in cls.__dict__:
            cls.post = idempotent(cls.__dict__["post"])  # type: ignore[attr-defined]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with ExitStack() as stack:
            if found := find_key(request):
                self._enter(stack, request, *found)
            response = super().dispatch(request, *args, **kwargs)
            if found and self.in_transaction and response.status_code >= FIRST_ERROR:
                transaction.set_rollback(True)
        # What one key was told is for nobody else.
        response.headers.setdefault("Cache-Control", "no-store")
        if usage := getattr(request, "api_usage", None):
            for name, value in throttling.headers(usage).items():
                response.headers[name] = value
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.read_body(request)

    def read_body(self, request: Request) -> None:
        """Read whole before anything else reads it, so that the limit holds. Raises BodyTooLarge."""
        try:
            _ = request._request.body
        except RequestDataTooBig:
            raise BodyTooLarge from None

    def digest_of(self, request: Request) -> str:
        """What tells one body from another, for `Idempotency-Key`."""
        return hashlib.sha256(request._request.body).hexdigest()

    def check_permissions(self, request: Request) -> None:
        """Who has a key is told what there is not, before what the key may not do."""
        if request.auth is not None and request.method not in self.allowed_methods:
            raise MethodNotAllowed(request.method or "")
        super().check_permissions(request)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        finished = super().finalize_response(request, response, *args, **kwargs)
        key = getattr(request, "auth", None)
        if isinstance(key, ApiKey) and finished.status_code < FIRST_ERROR:
            with self._unit():
                note_use(key)
        return finished

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        # The middleware's transaction and scope are a member's; a key has its own, above.
        return no_transaction(super().as_view(**initkwargs))

    @property
    def api_key(self) -> ApiKey:
        """The key that calls; there is always one behind `HasScope`."""
        return key_of(self.request)

    def _enter(self, stack: ExitStack, request: HttpRequest, key_id: UUID, organization_id: UUID) -> None:
        if self.in_transaction:
            stack.enter_context(transaction.atomic())
        stack.enter_context(organization_scope(organization_id))
        with self._unit():
            request.api_key = usable_key(key_id)  # type: ignore[attr-defined]

    def _unit(self) -> Any:
        return nullcontext() if self.in_transaction else scoped_transaction()


class NothingHere(APIView):
    """Every address below `/api/` that leads nowhere, in the API's own form."""

    authentication_classes = []
    permission_classes = [AllowAny]
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Raises NotFound, whatever the method."""
        hint = None if request.path.endswith("/") else _("Addresses of the API end with a slash.")
        raise NotFound("not_found", _("There is nothing at this address."), hint=hint)
