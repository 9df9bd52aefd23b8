"""Rows named in an address: the organization's own, or a 404."""

from uuid import UUID

from bots.web.errors import missing_is_404
from flows.models import Flow
from flows.services.definitions import require_flow


def flow_or_404(flow_id: UUID) -> Flow:
    """The flow; deleted ones and other organizations' are not there."""
    with missing_is_404():
        return require_flow(flow_id)
