"""Django's view of the bots app."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BotsConfig(AppConfig):
    name = "bots"
    label = "bots"
    verbose_name = _("Bots and organizations")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Handlers need models, which are not there yet when this module is imported.
        import_module("bots.outbox_handlers")
