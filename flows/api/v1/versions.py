"""`/flows/{id}/impact/` and `…/versions/{number}/difference/`: what a publication changes, and for whom."""

from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from bots.api.views import ApiView
from bots.errors import Invalid
from bots.permissions import ApiScope
from flows.api.v1.serializers import DifferenceSerializer, ImpactSerializer
from flows.services.definitions import require_flow
from flows.services.impact import compared, impact_of

DRAFT = "draft"
WITH = OpenApiParameter(
    "with", str, description="The number of the version to compare with, or `draft` (the default).", default=DRAFT
)


class _VersionView(ApiView):
    read_scope = ApiScope.FLOWS_READ


@extend_schema(tags=["flows"])
class FlowImpact(_VersionView):
    """Who would notice."""

    @extend_schema(responses=ImpactSerializer, operation_id="flows_impact")
    def get(self, request: Request, pk: UUID) -> Response:
        """How many people wait at which step, and what publishing the draft now would do to it."""
        flow = require_flow(pk)
        impact = impact_of(flow)
        told = {
            "since": impact.since.number if impact.since is not None else None,
            "revision": flow.draft_revision,
            "people": impact.people,
            "texts_only": impact.difference.texts_only,
            "steps": impact.steps,
        }
        return Response(ImpactSerializer(told).data)


@extend_schema(tags=["flows"])
class VersionDifference(_VersionView):
    """What became of a version."""

    @extend_schema(responses=DifferenceSerializer, parameters=[WITH], operation_id="flows_versions_difference")
    def get(self, request: Request, pk: UUID, number: int) -> Response:
        """Steps, connections, conditions and texts that differ between this version and another, or the draft."""
        wanted = request.query_params.get("with", DRAFT)
        if wanted != DRAFT and not (wanted.isascii() and wanted.isdigit() and len(wanted) <= 9):
            raise Invalid("not_a_version", _("Name a version by its number, or the draft."), field="with")
        other = None if wanted == DRAFT else int(wanted)
        return Response(DifferenceSerializer(compared(require_flow(pk), number, other)).data)
