"""A flow as a file: downloaded, and made anew from one."""

import json
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from bots import selectors as bot_selectors
from bots.errors import DomainError, Invalid
from bots.models import Bot
from bots.permissions import Permission
from bots.web.errors import missing_is_404, put_on
from bots.web.member import MemberRequest, member_page
from flows.engine.limits import MAX_DOCUMENT_BYTES
from flows.services.exchange import Imported, export_flow, import_flow

# The definition, and as many tests as a flow may have.
MOST_BYTES = 5 * MAX_DOCUMENT_BYTES


class ImportForm(forms.Form):
    """A file, and whose flow it becomes."""

    document = forms.FileField(label=gettext_lazy("File"), widget=forms.FileInput(attrs={"accept": ".json"}))
    bot = forms.ModelChoiceField(label=gettext_lazy("Bot"), queryset=Bot.objects.none(), empty_label=None)
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("Empty: the name that stands in the file."),
    )


@member_page(Permission.FLOW_VIEW)
def export(request: MemberRequest, flow_id: UUID) -> HttpResponseBase:
    """The draft with its saved tests, as a file."""
    with missing_is_404():
        document = export_flow(flow_id)
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    name = slugify(document["name"]) or "fluxo"
    return HttpResponse(
        text,
        content_type="application/json; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.json"'},
    )


@member_page(Permission.FLOW_EDIT, methods=("GET", "HEAD", "POST"))
def import_page(request: MemberRequest) -> HttpResponseBase:
    """Makes a flow of a file; its problems are shown in the editor."""
    bots = bot_selectors.bots_of()
    if not bots.exists():
        messages.info(request, _("A flow belongs to a bot: connect one first."))
        return redirect("bot_connect")
    form = ImportForm(request.POST or None, request.FILES or None)
    field = form.fields["bot"]
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = bots
    if request.method == "POST" and form.is_valid():
        try:
            imported = _imported(request, form)
        except DomainError as error:
            put_on(form, error)
        else:
            _tell(request, imported)
            return redirect("flow_editor", imported.flow.pk)
    return render(request, "flows/flow_import.html", {"form": form})


def _imported(request: MemberRequest, form: ImportForm) -> Imported:
    given = form.cleaned_data
    if given["document"].size > MOST_BYTES:
        raise Invalid("import_too_large", _("This file is too large for a flow."), field="document")
    try:
        document = json.loads(given["document"].read())
    except (ValueError, RecursionError):
        document = None
    return import_flow(
        document, bot_id=given["bot"].pk, name=given["name"], actor=request.user, created_by=request.user
    )


def _tell(request: MemberRequest, imported: Imported) -> None:
    if imported.tests:
        messages.success(
            request,
            ngettext("%(count)d saved test came along.", "%(count)d saved tests came along.", imported.tests)
            % {"count": imported.tests},
        )
    if imported.left_out:
        messages.warning(
            request,
            ngettext(
                "%(count)d test of the file could not be read and was left out.",
                "%(count)d tests of the file could not be read and were left out.",
                imported.left_out,
            )
            % {"count": imported.left_out},
        )
