"""Rows named in an address: the organization's own, or a 404."""

from uuid import UUID

from django.http import Http404

from bots.errors import NotFound
from flows.models import Flow
from flows.services.definitions import require_flow


def flow_or_404(flow_id: UUID) -> Flow:
    """The flow; deleted ones and other organizations' are not there."""
    try:
        return require_flow(flow_id)
    except NotFound as error:
        raise Http404(error.code) from error
