"""The media library: files that flows send, shown safely, uploaded and put away."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponseBase, HttpResponseNotModified, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from bots.errors import DomainError, Invalid
from bots.permissions import Permission
from bots.tenancy import no_transaction, scoped_transaction
from bots.web.errors import as_json, missing_is_404, tell
from bots.web.member import MemberRequest, allowed, member_page
from flows import selectors
from flows.engine.content import MediaType
from flows.engine.media import MOST_BYTES, MOST_PHOTO_BYTES, SHOWN_BY_BROWSERS, UNKNOWN_MIME
from flows.models import Asset, AssetKind
from flows.services.assets import delete_asset, open_file, upload_asset
from flows.web.looks import MEDIA_ICONS

PER_PAGE = 24
# Nothing in a file may run, load or be framed, whatever a browser takes it for.
INERT = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class MediaCard:
    """One file of the library."""

    row: Asset
    icon: str
    is_picture: bool
    uses: list[str]


@no_transaction
@member_page(Permission.FLOW_VIEW, methods=("GET", "HEAD", "POST"))
def media_list(request: MemberRequest) -> HttpResponseBase:
    """The library; a POST uploads one file, answered as JSON to our script and as a page to a bare form."""
    if request.method == "POST":
        if not allowed(request, Permission.FLOW_EDIT):
            raise PermissionDenied
        return _upload(request)
    query, kind = request.GET.get("busca", "").strip(), request.GET.get("tipo", "")
    kind = kind if kind in AssetKind.values else ""
    with scoped_transaction():
        page = Paginator(selectors.assets_of(query=query, kind=kind), PER_PAGE).get_page(request.GET.get("pagina"))
        assets = list(page.object_list)
        uses = selectors.uses_of_assets([asset.pk for asset in assets])
        context = {
            "cards": [_card(asset, uses.get(str(asset.pk), [])) for asset in assets],
            "page": page,
            "query": query,
            "kind": kind,
            "kinds": AssetKind.choices,
            "can_edit": allowed(request, Permission.FLOW_EDIT),
            "most_bytes": MOST_BYTES,
            "most_photo_bytes": MOST_PHOTO_BYTES,
            "texts": _texts(),
        }
        return render(request, "flows/media.html", context)


@no_transaction
@member_page(Permission.FLOW_VIEW)
def media_file(request: MemberRequest, asset_id: UUID) -> HttpResponseBase:
    """The file itself, inert: of a kind that cannot run, or as a download. A deleted one that was sent is shown too."""
    with scoped_transaction():
        asset = selectors.assets_named([str(asset_id)]).get(str(asset_id))
    if asset is None:
        raise Http404
    etag = f'"{asset.sha256}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified()
    try:
        file = open_file(asset.file.name or "")
    except FileNotFoundError:
        raise Http404 from None
    shown = asset.mime in SHOWN_BY_BROWSERS
    response = FileResponse(
        file,
        as_attachment=not shown,
        filename=asset.name,
        content_type=asset.mime if shown else UNKNOWN_MIME,
    )
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = f"private, max-age={A_DAY}"
    response.headers["Content-Security-Policy"] = INERT
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@member_page(Permission.FLOW_EDIT, methods=("POST",))
def media_delete(request: MemberRequest, asset_id: UUID) -> HttpResponseBase:
    """Puts a file away; what runs still sends it."""
    with missing_is_404():
        name = selectors.asset_of(asset_id).name
    try:
        delete_asset(asset_id, actor=request.user)
    except DomainError as error:
        tell(request, error)
    else:
        told = _("“%(name)s” was put away. Whoever is inside a flow that sends it still gets it.")
        messages.success(request, told % {"name": name})
    return redirect("media_list")


def _upload(request: MemberRequest) -> HttpResponseBase:
    by_script = "application/json" in request.headers.get("Accept", "")
    kind = request.POST.get("kind", "")
    try:
        file = request.FILES.get("file")
        if file is None:
            raise Invalid("asset_required", _("Choose a file."), field="file")
        wanted = MediaType(kind) if kind in AssetKind.values else None
        uploaded = upload_asset(file, name=file.name or "", kind=wanted, actor=request.user)
    except DomainError as error:
        if by_script:
            return as_json(error)
        tell(request, error)
        return redirect("media_list")
    if by_script:
        return JsonResponse({"id": str(uploaded.asset.pk), "is_new": uploaded.is_new})
    told = _("“%(name)s” is in the library.") if uploaded.is_new else _("“%(name)s” was in the library already.")
    messages.success(request, told % {"name": uploaded.asset.name})
    return redirect("media_list")


def _card(asset: Asset, uses: list[str]) -> MediaCard:
    return MediaCard(
        row=asset,
        icon=MEDIA_ICONS[MediaType(asset.kind)],
        is_picture=asset.mime.startswith("image/") and asset.mime in SHOWN_BY_BROWSERS,
        uses=uses,
    )


def _texts() -> dict[str, str]:
    """What the upload script says."""
    return {
        "sending": _("Sending…"),
        "done": _("Done."),
        "too_large": _("This file has more than 50 MB: Telegram would not take it."),
        "photo_too_large": _("This photo has more than 10 MB. Make it smaller, or choose “Document”."),
        "failed": _("It could not be sent. Nothing was lost: try again."),
    }
