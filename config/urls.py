"""Every address of the site, app by app."""

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularSwaggerSplitView

from bots.api.docs import SchemaView
from bots.api.views import NothingHere
from bots.tenancy import no_transaction
from config import ops

API_V1 = ("bots.api.v1.urls", "flows.api.v1.urls", "payments.api.v1.urls")
PAGES = ("bots.web.urls", "flows.web.urls", "payments.web.urls", "payments.urls")

# Its page carries its own style sheet; its script comes from an address of its own.
api_docs = csp_update({"style-src": [UNSAFE_INLINE]})(SpectacularSwaggerSplitView.as_view(url_name="api-schema"))

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", ops.healthz, name="healthz"),
    path("readyz", ops.readyz, name="readyz"),
    path("metrics", ops.metrics_page, name="metrics"),
    path("telegram/", include("telegram_gateway.urls")),
    path("api/schema/", no_transaction(SchemaView.as_view()), name="api-schema"),
    path("api/docs/", api_docs, name="api-docs"),
    *(path("api/v1/", include(module)) for module in API_V1),
    re_path("^api/", no_transaction(NothingHere.as_view()), name="api-nothing"),
    path("admin/", admin.site.urls),
    path("conta/", include("allauth.urls")),
    *(path("", include(module)) for module in PAGES),
]

handler500 = "bots.api.errors.server_error"
