"""`/flows/{id}/export/` and `/flows/import/`: a flow with its saved tests as one document."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from bots.api.serializers import StrictSerializer
from bots.api.views import ApiView
from bots.permissions import ApiScope
from bots.services import Actor
from flows.api.v1.serializers import DefinitionField, FlowSerializer, FlowWithProblemsSerializer
from flows.services.exchange import export_flow, import_flow


class ExportedFlowSerializer(serializers.Serializer[Any]):
    """A draft with its saved test conversations."""

    format = serializers.CharField()
    version = serializers.IntegerField()
    name = serializers.CharField()
    definition = DefinitionField()
    tests = serializers.ListField(child=serializers.DictField())


class ImportFlowSerializer(StrictSerializer):
    """What was exported, or a bare definition; `name` instead of the one in the document."""

    bot = serializers.UUIDField()
    document = DefinitionField()
    name = serializers.CharField(max_length=120, required=False)


class ImportedFlowSerializer(FlowWithProblemsSerializer):
    """The new flow, its problems, and how many of its tests came along or could not be read."""

    tests = serializers.IntegerField()
    tests_left_out = serializers.IntegerField()

    class Meta(FlowWithProblemsSerializer.Meta):
        fields: ClassVar[Any] = [*FlowWithProblemsSerializer.Meta.fields, "tests", "tests_left_out"]


class _FlowView(ApiView):
    read_scope = ApiScope.FLOWS_READ
    write_scope = ApiScope.FLOWS_WRITE


@extend_schema(tags=["flows"])
class FlowExport(_FlowView):
    """A flow to keep or to bring elsewhere."""

    @extend_schema(responses=ExportedFlowSerializer, operation_id="flows_export")
    def get(self, request: Request, pk: UUID) -> Response:
        """The draft as it would be published now, and its saved tests."""
        return Response(export_flow(pk))


@extend_schema(tags=["flows"])
class FlowImport(_FlowView):
    """A flow that comes from elsewhere."""

    @extend_schema(request=ImportFlowSerializer, responses={201: ImportedFlowSerializer}, operation_id="flows_import")
    def post(self, request: Request) -> Response:
        """A new flow, saved with the problems it has here: files, groups and flows that it names and nobody has."""
        wanted = ImportFlowSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        given = wanted.validated_data
        imported = import_flow(
            given["document"], bot_id=given["bot"], name=given.get("name", ""), actor=Actor.of_key(self.api_key)
        )
        told = {
            **FlowSerializer(imported.flow).data,
            "problems": [problem.as_dict() for problem in imported.checked.problems],
            "tests": imported.tests,
            "tests_left_out": imported.left_out,
        }
        return Response(told, status=status.HTTP_201_CREATED)
