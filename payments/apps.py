"""Django's view of the payments app: what it registers with the apps below."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PaymentsConfig(AppConfig):
    name = "payments"
    label = "payments"
    verbose_name = _("Money")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # The sandbox's own table lives with its gateway, so it is not met by importing `payments.models`.
        import_module("payments.gateways.registry")
        import_module("payments.registrations").register()
