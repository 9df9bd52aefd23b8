"""`/runs/`: who is where, what happened, and starting one."""

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
from flows.api.v1.serializers import AcceptedSerializer, RunEventSerializer, RunSerializer, StartRunSerializer
from flows.models import Run, TimelineEntry
from flows.services.runs import start_run


class _RunView(ApiView):
    read_scope = ApiScope.RUNS_READ
    write_scope = ApiScope.RUNS_WRITE

    def get_queryset(self) -> QuerySet[Run]:
        # Test chats appear in no list and no number.
        return Run.objects.filter(contact__channel=Channel.TELEGRAM)


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
        return Response({"accepted": True}, status=status.HTTP_202_ACCEPTED)


@extend_schema(tags=["runs"])
class RunDetail(_RunView, RetrieveAPIView[Run]):
    """One run."""

    serializer_class = RunSerializer


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
