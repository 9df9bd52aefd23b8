"""Django's view of the outbox app."""

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "bots.outbox"
    label = "outbox"
    verbose_name = "Outbox"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models are not there yet when this module is imported.
        from bots.outbox import relay

        relay.register_sweeps()
