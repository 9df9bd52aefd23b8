"""Addresses of the payments app outside the members' menu: gateways' notices, the sandbox's page to pay."""

from django.urls import path

from payments.web.sandbox import pay_page
from payments.webhooks import gateway_webhook

urlpatterns = [
    path("payments/webhooks/<slug:gateway>/<slug:public_id>/", gateway_webhook, name="gateway_webhook"),
    path("pagar/<slug:token>/", pay_page, name="sandbox_pay"),
]
