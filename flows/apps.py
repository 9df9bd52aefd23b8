"""Django's view of the flows app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FlowsConfig(AppConfig):
    name = "flows"
    label = "flows"
    verbose_name = _("Flows")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models are not there yet when this module is imported.
        from bots.jobs import register_sweep
        from flows import outbox_handlers as _outbox_handlers  # noqa: F401 - registered by being imported
        from flows.ports import register_catalogue_part
        from flows.runtime import runner, timers
        from flows.selectors import assets_part, calendar_part, chats_part, flows_part

        register_sweep("flows.inbox", runner.sweep)
        register_sweep("flows.timers", timers.fire_due_timers)
        register_catalogue_part("flows", flows_part)
        register_catalogue_part("assets", assets_part)
        register_catalogue_part("chats", chats_part)
        register_catalogue_part("calendar", calendar_part)
