"""Flows in the staff admin: edited under their revision, checked when the draft changed, published by a button."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from bots.errors import DomainError
from bots.services import Actor
from bots.staff import ReadOnlyAdmin, StaffAdmin, back_to, confirmed, show_refusal, staff_of
from bots.tenancy import organization_scope
from flows.admin.json_text import JSON_BOX, JsonTextField
from flows.models import Flow, FlowVersion
from flows.services.bot_settings import activate_flow
from flows.services.definitions import create_flow, delete_flow, rename_flow, save_draft
from flows.services.publishing import close_to_new, publish_version
from flows.web.draft_text import text_of


class DraftField(JsonTextField):
    """A definition, its keys in the order people read them."""

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else text_of(value)


class FlowForm(forms.ModelForm[Flow]):
    """A flow with its draft; `seen_revision` says which draft the page showed."""

    draft = DraftField(
        label=_("Draft"),
        widget=UnfoldAdminTextareaWidget(attrs=JSON_BOX | {"rows": 30}),
    )
    seen_revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Flow
        fields = ["bot", "name", "draft"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen_revision"].initial = self.instance.draft_revision
        if self.instance.pk and "bot" in self.fields and not self.instance._state.adding:
            self.fields["bot"].disabled = True

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if bot := given.get("bot"):
            self.instance.organization_id = bot.organization_id
        if not isinstance(given.get("draft"), dict) and "draft" not in self.errors:
            self.add_error("draft", _("A definition is one JSON object."))
        if not self.instance._state.adding and given.get("seen_revision") != self._stored_revision():
            self.add_error(
                "draft", _("Somebody else saved this flow meanwhile. Copy your text, reload the page and try again.")
            )
        return given

    def _update_errors(self, errors: ValidationError) -> None:
        # Django would put a field's own words in the place of a problem that happens to have the same code.
        self.add_error(None, errors)

    def _stored_revision(self) -> int | None:
        return Flow.objects.filter(pk=self.instance.pk).values_list("draft_revision", flat=True).first()


@admin.register(Flow)
class FlowAdmin(StaffAdmin):
    """Flows of all organizations."""

    form = FlowForm
    list_display = ["name", "bot", "organization", "active", "closed", "draft_revision", "updated_at", "deleted_at"]
    list_filter = ["active", "closed"]
    list_select_related = ["bot", "organization"]
    search_fields = ["name", "id", "bot__name", "bot__username", "organization__name"]
    autocomplete_fields = ["bot"]
    readonly_fields = ["organization", "active", "closed", "draft_revision", "deleted_at"]
    actions_detail = ["publish", "activate", "close", "open"]

    def get_fields(self, request: HttpRequest, obj: Flow | None = None) -> list[str]:
        """A new flow has only what it is made of."""
        made_of = ["bot", "name", "draft", "seen_revision"]
        return made_of if obj is None else [*made_of, *self.readonly_fields]

    def get_readonly_fields(self, request: HttpRequest, obj: Flow | None = None) -> list[str]:
        return [] if obj is None else list(self.readonly_fields)

    def save_model(self, request: HttpRequest, obj: Flow, form: Any, change: bool) -> None:
        given = form.cleaned_data
        with organization_scope(obj.organization_id):
            if not change:
                made = create_flow(
                    bot_id=given["bot"].pk, name=given["name"], definition=given["draft"], actor=_actor(request)
                ).flow
                obj.pk, obj._state.adding = made.pk, False
            else:
                rename_flow(obj.pk, name=given["name"], actor=_actor(request))
                save_draft(
                    obj.pk,
                    definition=given["draft"],
                    expected_revision=given["seen_revision"],
                    replaced_by=_actor(request),
                )

    def delete_model(self, request: HttpRequest, obj: Flow) -> None:
        """Hides and deactivates; versions and runs stay."""
        with organization_scope(obj.organization_id):
            delete_flow(obj.pk, actor=_actor(request))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Nothing hangs on it: a deleted flow is only hidden, so its versions protect nothing."""
        return [str(flow) for flow in objs], {}, set(), []

    @confirmed(
        _("Publish"),
        _("The draft becomes the next version. New people enter it if the flow is active; whoever is inside stays."),
    )
    def publish(self, request: HttpRequest, _form: object, object_id: UUID) -> HttpResponse:
        """The draft becomes the next version, or its problems are shown."""
        flow = Flow.objects.get(pk=object_id)
        try:
            with organization_scope(flow.organization_id):
                version = publish_version(flow.pk, actor=_actor(request))
        except DomainError as refusal:
            show_refusal(request, refusal)
        else:
            messages.success(request, _("Version %(number)d is published.") % {"number": version.number})
        return back_to(flow)

    @confirmed(_("Activate"), _("The bot is switched on, and new people enter the newest version of this flow."))
    def activate(self, request: HttpRequest, _form: object, object_id: UUID) -> HttpResponse:
        """The bot runs this flow from now on."""
        flow = Flow.objects.get(pk=object_id)
        try:
            with organization_scope(flow.organization_id):
                activate_flow(flow, actor=_actor(request))
        except DomainError as refusal:
            show_refusal(request, refusal)
        else:
            messages.success(request, _("The bot runs this flow now."))
        return back_to(flow)

    @confirmed(
        _("Close to new people"),
        _("New people get the bot's welcome, as if the flow were off. Whoever is inside finishes."),
    )
    def close(self, request: HttpRequest, _form: object, object_id: UUID) -> HttpResponse:
        """Nobody new comes in."""
        return self._close(request, object_id, closed=True)

    @confirmed(_("Open to new people"), _("New people enter the flow again, if it is the bot's active one."))
    def open(self, request: HttpRequest, _form: object, object_id: UUID) -> HttpResponse:
        """New people come in again."""
        return self._close(request, object_id, closed=False)

    def _close(self, request: HttpRequest, flow_id: UUID, *, closed: bool) -> HttpResponse:
        flow = Flow.objects.get(pk=flow_id)
        try:
            with organization_scope(flow.organization_id):
                close_to_new(flow.pk, closed=closed, actor=_actor(request))
        except DomainError as refusal:
            show_refusal(request, refusal)
        else:
            messages.success(request, _("The flow is closed to new people.") if closed else _("The flow is open."))
        return back_to(flow)


def _actor(request: HttpRequest) -> Actor:
    return Actor.of_staff(staff_of(request))


@admin.register(FlowVersion)
class FlowVersionAdmin(ReadOnlyAdmin):
    """What was published; nobody changes it, the database included."""

    list_display = ["flow", "number", "kind", "bot", "organization", "created_by", "created_at"]
    list_filter = ["kind"]
    list_select_related = ["flow", "bot", "organization", "created_by"]
    search_fields = ["id", "flow__name", "bot__name", "bot__username", "note", "content_hash"]
