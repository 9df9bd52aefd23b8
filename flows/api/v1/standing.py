"""`/standing-still/`: what cannot go on by itself, and what to do about it."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from bots.api.views import ApiView
from bots.permissions import ApiScope
from bots.services import Actor
from flows.api.v1.serializers import AcceptedSerializer, StandingPageSerializer, StandingQuerySerializer
from flows.causes import cause_of
from flows.services.standing import dismiss_item, retry_item
from flows.standing_still import Standing, standing


class _StandingView(ApiView):
    read_scope = ApiScope.RUNS_READ
    write_scope = ApiScope.RUNS_WRITE


@extend_schema(tags=["runs"])
class StandingList(_StandingView):
    """Everything that stands still, newest first: failed and parked runs, events set aside, messages given up, timers
    overdue. `next` leads to what is older; there is no way back, so `previous` is always null."""

    @extend_schema(parameters=[StandingQuerySerializer], responses=StandingPageSerializer)
    def get(self, request: Request) -> Response:
        """`message` is the cause in words; `run` is what to resume, move or close, if there is one."""
        query = StandingQuerySerializer(data=request.query_params.dict())
        if not query.is_valid():
            raise ValidationError(query.errors, code="invalid_filter")
        size: int = query.validated_data["page_size"]
        found = standing(
            limit=size + 1, kind=query.validated_data.get("kind"), before=query.validated_data.get("cursor")
        )
        shown = found[:size]
        following = self._address_of(request, shown[-1].id) if len(found) > size else None
        results = [self._shown(item) for item in shown]
        return Response(StandingPageSerializer({"results": results, "next": following, "previous": None}).data)

    @staticmethod
    def _address_of(request: Request, last: UUID) -> str:
        query = request.query_params.copy()
        query["cursor"] = str(last)
        return request.build_absolute_uri(f"?{query.urlencode()}")

    @staticmethod
    def _shown(item: Standing) -> dict[str, object]:
        run = item.run
        return {
            "id": item.id,
            "kind": item.kind,
            "code": item.code,
            "message": str(cause_of(item.code)),
            "detail": item.detail,
            "since": item.since,
            "contact": item.contact.pk if item.contact is not None else None,
            "run": run.pk if run is not None else None,
            "step": run.step_id if run is not None else None,
            "owes": run is not None and run.owes,
        }


@extend_schema(tags=["runs"], request=None, responses={202: AcceptedSerializer})
class StandingRetry(_StandingView):
    """Sends a message that was given up once more, or tries an event again that was set aside."""

    def post(self, request: Request, pk: UUID) -> Response:
        """202: it happens a moment later."""
        retry_item(pk, actor=Actor.of_key(self.api_key))
        return Response({"accepted": True}, status=status.HTTP_202_ACCEPTED)


@extend_schema(tags=["runs"], request=None, responses={202: AcceptedSerializer})
class StandingDismiss(_StandingView):
    """Lets a message or an event go for good."""

    def post(self, request: Request, pk: UUID) -> Response:
        """It is in the list no more."""
        dismiss_item(pk, actor=Actor.of_key(self.api_key))
        return Response({"accepted": True}, status=status.HTTP_202_ACCEPTED)
