"""Django's view of the telegram_gateway app: what it registers with the apps below."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TelegramGatewayConfig(AppConfig):
    name = "telegram_gateway"
    label = "telegram_gateway"
    verbose_name = _("Telegram")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models are not there yet when this module is imported.
        import_module("telegram_gateway.registrations").register()
