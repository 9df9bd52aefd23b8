"""`/assets/`: files that flows send."""

import hashlib
from typing import Any, ClassVar
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.db.models import QuerySet
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from bots.api.errors import BodyTooLarge
from bots.api.serializers import StrictSerializer
from bots.api.views import ApiView
from bots.permissions import ApiScope
from bots.services import Actor
from bots.tenancy import scoped_transaction
from flows.engine.content import MediaType
from flows.models import Asset, AssetKind
from flows.selectors import asset_of, assets_of
from flows.services.assets import delete_asset, upload_asset


class AssetSerializer(serializers.ModelSerializer[Asset]):
    """An uploaded file; its `id` is what a definition names."""

    class Meta:
        model = Asset
        fields: ClassVar[Any] = ["id", "name", "kind", "mime", "size", "sha256", "created_at"]


class UploadAssetSerializer(StrictSerializer):
    """A file to upload, as `multipart/form-data`. `kind` says what it is to be sent as; else its content does."""

    file = serializers.FileField(allow_empty_file=True)
    name = serializers.CharField(required=False, max_length=255)
    kind = serializers.ChoiceField(choices=AssetKind.choices, required=False)


class _AssetView(ApiView):
    read_scope = ApiScope.FLOWS_READ
    write_scope = ApiScope.FLOWS_WRITE


@extend_schema(tags=["assets"])
class AssetList(_AssetView, ListAPIView[Asset]):
    """Files that flows send, newest first; `kind` filters."""

    serializer_class = AssetSerializer
    parser_classes = [MultiPartParser]
    filters = ("kind",)
    # The storage may be far away, and no transaction may wait for it.
    in_transaction = False

    def get_queryset(self) -> QuerySet[Asset]:
        return assets_of()

    def get(self, request: Request, *args: object, **kwargs: object) -> Response:
        with scoped_transaction():
            return self.list(request)

    @extend_schema(
        request={"multipart/form-data": UploadAssetSerializer},
        responses={201: AssetSerializer, 200: AssetSerializer},
        operation_id="assets_upload",
    )
    def post(self, request: Request) -> Response:
        """Uploads a file: 201, or 200 with the file that holds the same bytes already."""
        wanted = UploadAssetSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        given = wanted.validated_data
        uploaded = upload_asset(
            given["file"],
            name=given.get("name") or given["file"].name,
            kind=MediaType(given["kind"]) if given.get("kind") else None,
            actor=Actor.of_key(self.api_key),
        )
        http_status = status.HTTP_201_CREATED if uploaded.is_new else status.HTTP_200_OK
        return Response(AssetSerializer(uploaded.asset).data, status=http_status)

    def read_body(self, request: Request) -> None:
        """Parsed rather than read whole: what is large lies in a file of its own."""
        if request.method == "POST":
            try:
                request.data  # noqa: B018 - parsed when it is asked for
            except RequestDataTooBig:
                raise BodyTooLarge(_("A file has at most 50 MB.")) from None

    def digest_of(self, request: Request) -> str:
        """Of the fields and the files, whatever boundary stands between them."""
        digest = hashlib.sha256()
        fields, files = request.POST, request.FILES
        assert isinstance(files, MultiValueDict)
        for name, values in sorted(fields.lists()):
            digest.update(repr((name, values)).encode())
        for name, uploads in sorted(files.lists()):
            for upload in uploads:
                digest.update(repr((name, upload.name, upload.size)).encode())
                for chunk in upload.chunks():
                    digest.update(chunk)
        return digest.hexdigest()


@extend_schema(tags=["assets"])
class AssetDetail(_AssetView):
    """One file."""

    @extend_schema(responses=AssetSerializer, operation_id="assets_retrieve")
    def get(self, request: Request, pk: UUID) -> Response:
        """What is known of the file."""
        return Response(AssetSerializer(asset_of(pk)).data)

    @extend_schema(responses={204: None}, operation_id="assets_destroy")
    def delete(self, request: Request, pk: UUID) -> Response:
        """Hides the file: no definition may name it from now on; versions that do still send it."""
        delete_asset(pk, actor=Actor.of_key(self.api_key))
        return Response(status=status.HTTP_204_NO_CONTENT)
