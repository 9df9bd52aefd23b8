"""Every address of the site, app by app."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from bots.api.docs import SchemaView, docs
from bots.api.views import NothingHere
from bots.tenancy import no_transaction
from config import ops

API_V1 = ("bots.api.v1.urls", "flows.api.v1.urls", "payments.api.v1.urls")
PAGES = ("bots.web.urls", "flows.web.urls", "payments.web.urls", "payments.urls")

# Staff sign in where everybody does, with the same limits and their second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", ops.healthz, name="healthz"),
    path("readyz", ops.readyz, name="readyz"),
    path("metrics", ops.metrics_page, name="metrics"),
    path("telegram/", include("telegram_gateway.urls")),
    path("api/schema/", no_transaction(SchemaView.as_view()), name="api-schema"),
    path("api/docs/", docs, name="api-docs"),
    *(path("api/v1/", include(module)) for module in API_V1),
    re_path("^api/", no_transaction(NothingHere.as_view()), name="api-nothing"),
    path("admin/", admin.site.urls),
    path("conta/", include("allauth.urls")),
    *(path("", include(module)) for module in PAGES),
]

handler500 = "bots.api.errors.server_error"
