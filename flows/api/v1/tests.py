"""`/flows/{id}/tests/`: saved test conversations, written and played."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from bots.api.serializers import StrictSerializer
from bots.api.views import ApiView
from bots.permissions import ApiScope
from flows.api.v1.schema import TEST_DOCUMENT
from flows.models import ConversationTest
from flows.services.conversation_tests import change_test, create_test, delete_test, require_test, run_tests
from flows.services.definitions import require_flow


class ConversationTestSerializer(serializers.ModelSerializer[ConversationTest]):
    """A saved test and what it showed when it was last played; `last_ok` is null before that."""

    class Meta:
        model = ConversationTest
        fields = ("id", "name", "last_ok", "last_played_at", "created_at", "updated_at")
        read_only_fields = fields


class TestResultSerializer(serializers.Serializer[Any]):
    """What one item of a test showed; `expected` and `came` are empty where it went well."""

    place = serializers.IntegerField()
    type = serializers.CharField()
    ok = serializers.BooleanField()
    expected = serializers.CharField()
    came = serializers.CharField()


class PlayedTestSerializer(serializers.Serializer[Any]):
    """A played test, up to its first difference."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    ok = serializers.BooleanField()
    results = TestResultSerializer(many=True)


class TestRunSerializer(serializers.Serializer[Any]):
    """Whether the draft does what its tests expect."""

    ok = serializers.BooleanField()
    tests = PlayedTestSerializer(many=True)


class RunTestsSerializer(StrictSerializer):
    """Which tests to play; without a list, all of them."""

    tests = serializers.ListField(child=serializers.UUIDField(), required=False)


class _TestView(ApiView):
    read_scope = ApiScope.FLOWS_READ
    write_scope = ApiScope.FLOWS_WRITE


def _whole(test: ConversationTest) -> dict[str, Any]:
    return {**ConversationTestSerializer(test).data, "document": test.document}


@extend_schema(tags=["flows"])
class TestList(_TestView, ListAPIView[ConversationTest]):
    """A flow's saved test conversations, newest first."""

    serializer_class = ConversationTestSerializer

    def get_queryset(self) -> QuerySet[ConversationTest]:
        if getattr(self, "swagger_fake_view", False):
            return ConversationTest.objects.all()
        return ConversationTest.objects.filter(flow=require_flow(self.kwargs["pk"]))

    @extend_schema(
        request={"application/json": TEST_DOCUMENT},
        responses={201: ConversationTestSerializer},
        operation_id="flows_tests_create",
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Saves a test; the body is its document. 422 with the problems of one that cannot be read."""
        test = create_test(require_flow(pk).pk, document=request.data)
        return Response(_whole(test), status=status.HTTP_201_CREATED)


@extend_schema(tags=["flows"])
class TestDetail(_TestView):
    """One saved test."""

    @extend_schema(responses=ConversationTestSerializer, operation_id="flows_tests_retrieve")
    def get(self, request: Request, pk: UUID, test_id: UUID) -> Response:
        """The test with its document."""
        return Response(_whole(require_test(pk, test_id)))

    @extend_schema(
        request={"application/json": TEST_DOCUMENT},
        responses=ConversationTestSerializer,
        operation_id="flows_tests_update",
    )
    def put(self, request: Request, pk: UUID, test_id: UUID) -> Response:
        """Replaces the document; the last result is forgotten."""
        require_test(pk, test_id)
        return Response(_whole(change_test(pk, test_id, document=request.data)))

    @extend_schema(responses={204: None}, operation_id="flows_tests_destroy")
    def delete(self, request: Request, pk: UUID, test_id: UUID) -> Response:
        """Publications do not ask it any more."""
        delete_test(pk, test_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema(tags=["flows"])
class TestRun(_TestView):
    """Plays saved tests."""

    @extend_schema(request=RunTestsSerializer, responses=TestRunSerializer, operation_id="flows_tests_run")
    def post(self, request: Request, pk: UUID) -> Response:
        """Plays the tests on the draft as it would be published now, in memory: nobody is written to."""
        wanted = RunTestsSerializer(data=request.data or {})
        wanted.is_valid(raise_exception=True)
        played = run_tests(pk, only=wanted.validated_data.get("tests"))
        answer = {
            "ok": all(one.report.ok for one in played),
            "tests": [{"id": one.test.pk, **one.report.as_dict()} for one in played],
        }
        return Response(TestRunSerializer(answer).data)
