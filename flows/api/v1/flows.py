"""`/flows/`: drafts under their revision, checks, publication, versions."""

from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from bots.api.errors import PreconditionRequired
from bots.api.views import ApiView
from bots.permissions import ApiScope
from bots.services import Actor
from flows.api.v1.schema import DRAFT
from flows.api.v1.serializers import (
    ChangeFlowSerializer,
    CreateFlowSerializer,
    FlowSerializer,
    FlowTemplatesSerializer,
    FlowWithProblemsSerializer,
    PublishSerializer,
    ValidationSerializer,
    VersionSerializer,
    choices_of,
)
from flows.engine.compile import VersionKind
from flows.engine.problems import Problem, has_errors
from flows.models import Flow, FlowVersion
from flows.services.definitions import (
    CheckedDraft,
    DraftChangedMeanwhile,
    check_draft,
    create_flow,
    delete_flow,
    rename_flow,
    require_flow,
    save_draft,
)
from flows.services.publishing import close_to_new, publish_version, restore_version
from flows.services.starters import STARTERS, StarterCode, create_from_starter, starter_definition

JSON: Final = "application/json"
IF_MATCH: Final = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, required=True, description="The draft's `ETag`, as it was read."
)


class _FlowView(ApiView):
    read_scope = ApiScope.FLOWS_READ
    write_scope = ApiScope.FLOWS_WRITE


def _etag(flow: Flow) -> dict[str, str]:
    return {"ETag": f'"{flow.draft_revision}"'}


def _told(problems: tuple[Problem, ...]) -> list[dict[str, str | None]]:
    return [problem.as_dict() for problem in problems]


def _with_problems(checked: CheckedDraft) -> dict[str, Any]:
    return {**FlowSerializer(checked.flow).data, "problems": _told(checked.problems)}


@extend_schema(tags=["flows"])
class FlowList(_FlowView, ListAPIView[Flow]):
    """Flows, newest first; `bot` filters."""

    serializer_class = FlowSerializer
    filters = ("bot",)

    def get_queryset(self) -> QuerySet[Flow]:
        return Flow.objects.filter(deleted_at=None)

    @extend_schema(
        request=CreateFlowSerializer, responses={201: FlowWithProblemsSerializer}, operation_id="flows_create"
    )
    def post(self, request: Request) -> Response:
        """A flow with a draft, saved with whatever problems it has; or one that begins as a template."""
        wanted = CreateFlowSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        given = wanted.validated_data
        if "template" in given:
            checked = create_from_starter(StarterCode(given["template"]), bot_id=given["bot"], name=given["name"])
        else:
            checked = create_flow(
                bot_id=given["bot"],
                name=given["name"],
                definition=given["definition"],
                actor=Actor.of_key(self.api_key),
            )
        return Response(_with_problems(checked), status=status.HTTP_201_CREATED, headers=_etag(checked.flow))


@extend_schema(tags=["flows"])
class FlowTemplateList(_FlowView):
    """What a new flow may begin as."""

    @extend_schema(responses=FlowTemplatesSerializer, operation_id="flow_templates_list")
    def get(self, request: Request) -> Response:
        """All of them, each with its definition, in the language of `Accept-Language`; a handful, so one page."""
        told = [
            {
                "code": code.value,
                "name": starter.name,
                "description": starter.description,
                "fill_in": starter.fill_in,
                "definition": starter_definition(code),
            }
            for code, starter in STARTERS.items()
        ]
        return Response(FlowTemplatesSerializer({"results": told, "next": None, "previous": None}).data)


@extend_schema(tags=["flows"])
class FlowDetail(_FlowView):
    """One flow."""

    @extend_schema(responses=FlowSerializer, operation_id="flows_retrieve")
    def get(self, request: Request, pk: UUID) -> Response:
        """The flow without its draft."""
        return Response(FlowSerializer(require_flow(pk)).data)

    @extend_schema(request=ChangeFlowSerializer, responses=FlowSerializer, operation_id="flows_partial_update")
    def patch(self, request: Request, pk: UUID) -> Response:
        """Renames the flow, or closes it to new people and opens it again; whoever is inside finishes."""
        wanted = ChangeFlowSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        given, actor = wanted.validated_data, Actor.of_key(self.api_key)
        flow = require_flow(pk)
        if "name" in given:
            flow = rename_flow(pk, name=given["name"], actor=actor)
        if "closed" in given:
            flow = close_to_new(pk, closed=given["closed"], actor=actor)
        return Response(FlowSerializer(flow).data)

    @extend_schema(responses={204: None}, operation_id="flows_destroy")
    def delete(self, request: Request, pk: UUID) -> Response:
        """Hides and deactivates the flow; its versions stay, and people inside go on to the end."""
        delete_flow(pk, actor=Actor.of_key(self.api_key))
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema(tags=["flows"])
class FlowDraft(_FlowView):
    """What an owner edits."""

    @extend_schema(responses={(200, JSON): DRAFT}, operation_id="flows_draft_retrieve")
    def get(self, request: Request, pk: UUID) -> Response:
        """The draft's definition; the `ETag` is its revision."""
        flow = require_flow(pk)
        return Response(flow.draft, headers=_etag(flow))

    @extend_schema(
        request={JSON: DRAFT},
        responses=FlowWithProblemsSerializer,
        parameters=[IF_MATCH],
        operation_id="flows_draft_update",
    )
    def put(self, request: Request, pk: UUID) -> Response:
        """Replaces the draft if nobody did meanwhile: 428 without `If-Match`, 412 with a stale one."""
        flow = require_flow(pk)
        if not _is_named(flow, request.headers.get("If-Match")):
            raise DraftChangedMeanwhile(flow)
        checked = save_draft(
            pk,
            definition=request.data,
            expected_revision=flow.draft_revision,
            replaced_by=Actor.of_key(self.api_key),
        )
        return Response(_with_problems(checked), headers=_etag(checked.flow))


def _is_named(flow: Flow, if_match: str | None) -> bool:
    """Whether `If-Match` names the draft as it is now, `*` naming any. Raises PreconditionRequired without one."""
    if if_match is None:
        raise PreconditionRequired(_("Send the draft's ETag in If-Match, so that nobody's work is overwritten."))
    # Proxies that compress make tags weak.
    tags = {tag.strip().removeprefix("W/") for tag in if_match.split(",")}
    return bool(tags & {"*", _etag(flow)["ETag"], str(flow.draft_revision)})


@extend_schema(tags=["flows"])
class FlowValidate(_FlowView):
    """Checks a draft."""

    @extend_schema(request=None, responses=ValidationSerializer, operation_id="flows_validate")
    def post(self, request: Request, pk: UUID) -> Response:
        """Everything that is wrong with the draft as it would be published now."""
        problems = check_draft(require_flow(pk))
        return Response({"valid": not has_errors(problems), "problems": _told(problems)})


@extend_schema(tags=["flows"])
class FlowPublish(_FlowView):
    """Publishes a draft."""

    @extend_schema(request=PublishSerializer, responses={201: VersionSerializer}, operation_id="flows_publish")
    def post(self, request: Request, pk: UUID) -> Response:
        """The draft becomes the next version; 422 with the problems if it has an error. Never activates.

        Everybody inside finishes on their version unless `choices` say otherwise for the step they wait at:
        `move` (to `to_step` of the new version), `carry` (on where they are, hearing nothing again) or `end` (after a
        last `message`). They are carried out a moment later.
        """
        wanted = PublishSerializer(data=request.data or {})
        wanted.is_valid(raise_exception=True)
        given = wanted.validated_data
        version = publish_version(
            pk,
            actor=Actor.of_key(self.api_key),
            note=given["note"],
            choices=choices_of(given["choices"]),
            apply_texts=given["apply_texts"],
            seen=given["seen"],
        )
        return Response(VersionSerializer(version).data, status=status.HTTP_201_CREATED)


@extend_schema(tags=["flows"])
class VersionList(_FlowView, ListAPIView[FlowVersion]):
    """A flow's published versions, newest first."""

    serializer_class = VersionSerializer

    def get_queryset(self) -> QuerySet[FlowVersion]:
        if getattr(self, "swagger_fake_view", False):
            return FlowVersion.objects.all()
        flow = require_flow(self.kwargs["pk"])
        return FlowVersion.objects.filter(flow=flow, kind=VersionKind.PUBLISHED.value)


@extend_schema(tags=["flows"])
class VersionRestore(_FlowView):
    """Goes back to an old version."""

    @extend_schema(request=None, responses=FlowSerializer, operation_id="flows_versions_restore")
    def post(self, request: Request, pk: UUID, number: int) -> Response:
        """Puts the version back into the draft; publish it to make it run."""
        flow = restore_version(pk, number=number, actor=Actor.of_key(self.api_key))
        return Response(FlowSerializer(flow).data, headers=_etag(flow))
