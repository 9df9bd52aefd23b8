"""Django's view of the outbox app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OutboxConfig(AppConfig):
    name = "bots.outbox"
    label = "outbox"
    verbose_name = _("Outgoing messages")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models are not there yet when this module is imported.
        from bots.outbox import relay

        relay.register_sweeps()
