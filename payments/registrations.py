"""What the payments app hangs into the kernel and the flows: outbox handlers, sweeps, its part of the catalogue."""

from importlib import import_module
from typing import Final

from bots.jobs import register_sweep
from flows.ports import register_catalogue_part, register_grant_names
from payments import services
from payments.selectors import catalogue_part, open_grant_names
from payments.services.notices import look_around
from payments.services.tending import tend_places

NOTICES_EVERY_MS: Final = 60_000
POLL_EVERY_MS: Final = 1_000
WEBHOOKS_EVERY_MS: Final = 500
TAKE_BACK_EVERY_MS: Final = 2_000
PLACES_EVERY_MS: Final = 2_000


def register() -> None:
    """Called once, by `AppConfig.ready()`."""
    import_module("payments.outbox_handlers")
    register_catalogue_part("payments", catalogue_part)
    register_grant_names(open_grant_names)
    register_sweep("payments.webhooks", services.process_deliveries, every_ms=WEBHOOKS_EVERY_MS)
    register_sweep("payments.notices", look_around, every_ms=NOTICES_EVERY_MS)
    register_sweep("payments.poll", services.poll_due, every_ms=POLL_EVERY_MS)
    register_sweep("payments.take_back", services.take_back_due, every_ms=TAKE_BACK_EVERY_MS)
    register_sweep("payments.places", tend_places, every_ms=PLACES_EVERY_MS)
