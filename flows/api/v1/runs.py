"""`/runs/`: who is where, what happened, and starting one."""

from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from bots.api.pagination import OldestFirst
from bots.api.views import ApiView
from bots.errors import NotFound
from bots.models import Channel
from bots.permissions import ApiScope
from bots.services import Actor
from flows.api.v1.serializers import (
    AcceptedSerializer,
    CloseRunSerializer,
    MoveRunSerializer,
    RunEventSerializer,
    RunSerializer,
    StartRunSerializer,
)
from flows.models import Run, TimelineEntry
from flows.services.runs import close_run, move_run, resume_run, start_run


class _RunView(ApiView):
    read_scope = ApiScope.RUNS_READ
    write_scope = ApiScope.RUNS_WRITE

    def get_queryset(self) -> QuerySet[Run]:
        # Test chats appear in no list and no number.
        return Run.objects.filter(contact__channel=Channel.TELEGRAM)

    def _known(self, run_id: UUID) -> UUID:
        if not self.get_queryset().filter(pk=run_id).exists():
            raise NotFound("run_not_found", _("There is no such run."))
        return run_id


def _accepted() -> Response:
    """The drain does it a moment later."""
    return Response({"accepted": True}, status=status.HTTP_202_ACCEPTED)


@extend_schema(tags=["runs"])
class RunList(_RunView, ListAPIView[Run]):
    """Runs, newest first; `bot`, `flow`, `contact` and `status` filter."""

    serializer_class = RunSerializer
    filters = ("bot", "flow", "contact", "status")

    @extend_schema(request=StartRunSerializer, responses={202: AcceptedSerializer}, operation_id="runs_create")
    def post(self, request: Request) -> Response:
        """Starts a flow for a contact, as if they had; 202, since the drain starts it a moment later."""
        wanted = StartRunSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        start_run(contact_id=wanted.validated_data["contact"], flow_id=wanted.validated_data["flow"])
        return _accepted()


@extend_schema(tags=["runs"])
class RunDetail(_RunView, RetrieveAPIView[Run]):
    """One run."""

    serializer_class = RunSerializer


@extend_schema(tags=["runs"])
class RunResume(_RunView):
    """Sends a run on that stands still; one that waits says its step again."""

    @extend_schema(request=None, responses={202: AcceptedSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """On from a handoff, once more into a step that failed. 409 for a run that is over."""
        resume_run(self._known(pk), actor=Actor.of_key(self.api_key))
        return _accepted()


@extend_schema(tags=["runs"])
class RunMove(_RunView):
    """Sends a run to a step of its own version."""

    @extend_schema(request=MoveRunSerializer, responses={202: AcceptedSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """A new wait begins there. 422 for a step that its version does not have."""
        wanted = MoveRunSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        move_run(self._known(pk), wanted.validated_data["step"], actor=Actor.of_key(self.api_key))
        return _accepted()


@extend_schema(tags=["runs"])
class RunClose(_RunView):
    """Ends a run."""

    @extend_schema(request=CloseRunSerializer, responses={202: AcceptedSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """409 for a run that is over, and for one that is paid and not served unless `despite_owing`."""
        wanted = CloseRunSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        close_run(self._known(pk), actor=Actor.of_key(self.api_key), **wanted.validated_data)
        return _accepted()


@extend_schema(tags=["runs"])
class RunEvents(_RunView, ListAPIView[TimelineEntry]):
    """What happened in a run, in order."""

    serializer_class = RunEventSerializer
    pagination_class = OldestFirst

    def get_queryset(self) -> QuerySet[TimelineEntry]:  # type: ignore[override]
        if getattr(self, "swagger_fake_view", False):
            return TimelineEntry.objects.all()
        if not super().get_queryset().filter(pk=self.kwargs["pk"]).exists():
            raise NotFound("run_not_found", _("There is no such run."))
        return TimelineEntry.objects.filter(run_id=self.kwargs["pk"])
