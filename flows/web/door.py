"""Rows named in an address: the organization's own, or a 404."""

from uuid import UUID

from bots.web.errors import missing_is_404
from bots.web.member import MemberRequest
from flows import selectors
from flows.models import Conversation, Flow
from flows.services.definitions import require_flow


def flow_or_404(flow_id: UUID) -> Flow:
    """The flow; deleted ones and other organizations' are not there."""
    with missing_is_404():
        return require_flow(flow_id)


def test_chat_or_404(request: MemberRequest, flow_id: UUID) -> Conversation:
    """The member's own test chat of a flow, once it was opened."""
    with missing_is_404():
        return selectors.test_conversation(flow_id=flow_id, user=request.user)
