"""The base of every REST view: the key first, then one scoped transaction, then the answer."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, ClassVar

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from rest_framework.generics import GenericAPIView
from rest_framework.response import Response
from rest_framework.views import APIView

from bots.api import throttling
from bots.api.authentication import ApiKeyAuthentication, api_key_of, note_use
from bots.api.errors import exception_handler
from bots.api.idempotency import once
from bots.api.permissions import HasScope
from bots.api.throttling import KeyThrottle
from bots.errors import DomainError
from bots.models import ApiKey
from bots.permissions import ApiScope
from bots.tenancy import no_transaction, organization_scope


class ApiView(APIView):
    """A view for API keys. It sees one organization, that of its key, and changes all or nothing.

    A view that calls something outside sets `in_transaction = False` and opens short transactions itself.
    """

    authentication_classes: ClassVar[Any] = [ApiKeyAuthentication]
    permission_classes: ClassVar[Any] = [HasScope]
    throttle_classes: ClassVar[Any] = [KeyThrottle]
    read_scope: ClassVar[ApiScope]
    write_scope: ClassVar[ApiScope | None] = None
    in_transaction: ClassVar[bool] = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        key = api_key_of(request)
        request.api_key = key  # type: ignore[attr-defined]
        with ExitStack() as stack:
            if key is not None:
                if self.in_transaction:
                    stack.enter_context(transaction.atomic())
                stack.enter_context(organization_scope(key.organization_id))
            response = self._answer(request, key, *args, **kwargs)
            if key is not None and self.in_transaction and response.status_code >= 400:
                transaction.set_rollback(True)
        if usage := getattr(request, "api_usage", None):
            for name, value in throttling.headers(usage).items():
                response.headers[name] = value
        return response

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponseBase]:
        # The middleware's transaction and scope are a member's; a key has its own, above.
        view: Callable[..., HttpResponseBase] = no_transaction(super().as_view(**initkwargs))
        return view

    @property
    def api_key(self) -> ApiKey:
        """The key that calls; there is always one behind `HasScope`."""
        key: ApiKey = self.request.auth
        return key

    def _answer(self, request: HttpRequest, key: ApiKey | None, *args: Any, **kwargs: Any) -> HttpResponseBase:
        handle = super().dispatch
        if key is None or request.method != "POST":
            return handle(request, *args, **kwargs)
        try:
            response = once(request, key, lambda: handle(request, *args, **kwargs), in_transaction=self.in_transaction)
        except DomainError as refusal:
            refused = exception_handler(refusal, {})
            assert refused is not None
            response = refused
        if isinstance(response, Response) and not hasattr(response, "accepted_renderer"):
            # Made around the view (a replay, a refusal), so the view has not given it its form yet.
            self.headers = self.default_response_headers
            response = self.finalize_response(self.initialize_request(request, *args, **kwargs), response)
        return response

    def finalize_response(
        self, request: Any, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        finished = super().finalize_response(request, response, *args, **kwargs)
        if isinstance(finished, Response) and isinstance(request.auth, ApiKey) and finished.status_code < 400:
            note_use(request.auth)
        return finished


class GenericApiView(ApiView, GenericAPIView[Any]):
    """The same for lists and objects: querysets are made per request, under the key's scope."""
