"""The OpenAPI schema and the page that shows it, both for everybody and without any other server."""

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiJsonRenderer2
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request

from bots.tenancy import no_transaction


class LastingGenerator(SchemaGenerator):
    """Makes the schema once per language and process: it takes a second, and everybody may ask."""

    def get_schema(self, request: Request | None = None, public: bool = False) -> Any:
        return _made(get_language())


@cache
def _made(language: str | None) -> Any:
    return SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]


class SchemaView(SpectacularAPIView):
    """OpenAPI 3.1, as JSON."""

    generator_class = LastingGenerator
    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer]


@no_transaction
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """The schema to read and to try, with one's own key."""
    return render(request, "api/docs.html")
