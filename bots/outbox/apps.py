"""Django's view of the outbox app."""

from functools import partial

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "bots.outbox"
    label = "outbox"
    verbose_name = "Outbox"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models are not there yet when this module is imported.
        from bots.jobs import register_sweep
        from bots.outbox import relay
        from bots.outbox.models import Queue

        register_sweep("outbox.relay", partial(relay.sweep, Queue.OUTBOX))
        register_sweep("outbox.payments", partial(relay.sweep, Queue.PAYMENTS))
        # Broadcasts have a process of their own.
        register_sweep("outbox.bulk", partial(relay.sweep, Queue.BULK), roles=("app",))
