"""Bots in the staff admin: connected by token, changed through the same service as everywhere."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from bots.errors import DomainError
from bots.models import Bot, Organization
from bots.services import Actor, connect_bot, pause_bot, resume_bot
from bots.staff import StaffAdmin, back_to, confirmed, show_refusal, staff_of
from bots.tenancy import no_transaction, organization_scope
from flows.admin.json_text import JSON_BOX, JsonTextField
from flows.engine.texts import LANGUAGES
from flows.models import Flow
from flows.services.bot_settings import BotChanges, change_bot


class ConnectForm(forms.Form):
    """A bot to connect for an organization."""

    organization = forms.ModelChoiceField(
        Organization.objects.order_by("name"), label=_("Organization"), widget=UnfoldAdminSelectWidget
    )
    token = forms.CharField(
        label=_("Token from @BotFather"),
        help_text=_("Telegram is asked who it is. It is kept encrypted, and shown to nobody again."),
        max_length=100,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    take_over = forms.BooleanField(
        label=_("Take over a webhook that is set elsewhere"),
        help_text=_("The system that receives its messages now will no longer do so."),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
    )


class BotForm(forms.ModelForm[Bot]):
    """What staff may change on a bot; `active_flow` is one of its published flows."""

    active_flow = forms.ModelChoiceField(
        Flow.unscoped.none(), label=_("Active flow"), required=False, widget=UnfoldAdminSelectWidget
    )

    class Meta:
        model = Bot
        fields = [
            "name",
            "welcome_message",
            "main_buttons",
            "redirect_buttons",
            "flow_enabled",
            "support_contact",
            "texts",
        ]
        widgets = {
            "main_buttons": UnfoldAdminTextareaWidget(attrs=JSON_BOX | {"rows": 8}),
            "redirect_buttons": UnfoldAdminTextareaWidget(attrs=JSON_BOX | {"rows": 4}),
            "texts": UnfoldAdminTextareaWidget(attrs=JSON_BOX | {"rows": 6}),
        }
        field_classes = {"main_buttons": JsonTextField, "redirect_buttons": JsonTextField, "texts": JsonTextField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        flows = Flow.objects.filter(bot_id=self.instance.pk, deleted_at=None)
        field = self.fields["active_flow"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = flows.filter(versions__isnull=False).distinct()
        field.initial = flows.filter(active=True).first()

    def clean(self) -> dict[str, Any]:
        """Tries the change and takes it back, so that its problems are shown beside the form."""
        given: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                with transaction.atomic(), organization_scope(self.instance.organization_id):
                    change_bot(self.instance.pk, self.changes(given))
                    transaction.set_rollback(True)
            except DomainError as refusal:
                told = [str(refusal.message), *(problem.message for problem in getattr(refusal, "problems", ()))]
                raise forms.ValidationError([forms.ValidationError(text) for text in told]) from None
        return given

    def changes(self, given: dict[str, Any]) -> BotChanges:
        """The form as the service takes it."""
        active: Flow | None = given.get("active_flow")
        return BotChanges(
            name=given["name"],
            welcome_message=given["welcome_message"],
            main_buttons=given["main_buttons"] or [],
            redirect_buttons=given["redirect_buttons"] or [],
            flow_enabled=given["flow_enabled"],
            active_flow=active.pk if active else None,
            support_contact=given["support_contact"],
            texts=self._wordings(given["texts"] or {}),
        )

    def _wordings(self, written: Any) -> Any:
        """What is written is all there is: what was taken out of it goes back to our text."""
        if not isinstance(written, dict):
            return {"texts": written}
        ours = dict.fromkeys(LANGUAGES)
        kept = {
            code: {**ours, **wordings} if isinstance(wordings, dict) else wordings for code, wordings in written.items()
        }
        return {**dict.fromkeys(self.initial.get("texts") or {}, ours), **kept}


@admin.register(Bot)
class BotAdmin(StaffAdmin):
    """Bots of all organizations."""

    form = BotForm
    list_display = ["name", "username", "organization", "status", "delivery", "flow_enabled", "last_update_at"]
    list_filter = ["status", "delivery", "flow_enabled"]
    list_select_related = ["organization"]
    search_fields = ["name", "username", "telegram_id", "id", "organization__name"]
    readonly_fields = [
        "organization",
        "username",
        "telegram_id",
        "status",
        "delivery",
        "paused_until",
        "last_update_at",
        "last_error",
        "last_error_at",
    ]
    actions_detail = ["pause", "resume"]

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """A bot has contacts and books; it is paused, never deleted."""
        return False

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Connects a bot, outside any transaction: Telegram is asked."""
        form = ConnectForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                bot = self._connect(request, form.cleaned_data)
            except DomainError as refusal:
                show_refusal(request, refusal)
            else:
                messages.success(request, _("%(bot)s is connected.") % {"bot": bot})
                return redirect("admin:bots_bot_change", bot.pk)
        context = {
            **self.admin_site.each_context(request),
            "form": form,
            "title": _("Connect a bot"),
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/flows/connect_bot.html", context)

    def save_model(self, request: HttpRequest, obj: Bot, form: Any, change: bool) -> None:
        with organization_scope(obj.organization_id):
            change_bot(obj.pk, form.changes(form.cleaned_data), actor=Actor.of_staff(staff_of(request)))

    @confirmed(_("Pause"), _("The bot keeps what arrives and answers nobody until it is resumed."))
    def pause(self, request: HttpRequest, _form: object, object_id: UUID) -> HttpResponse:
        """The bot says nothing and keeps everything."""
        return self._switch(request, object_id, pause_bot)

    @confirmed(_("Resume"), _("The bot answers what it kept, in order."))
    def resume(self, request: HttpRequest, _form: object, object_id: UUID) -> HttpResponse:
        """The bot goes on where it was."""
        return self._switch(request, object_id, resume_bot)

    def _switch(self, request: HttpRequest, bot_id: UUID, switch: Any) -> HttpResponse:
        bot = Bot.objects.get(pk=bot_id)
        try:
            with organization_scope(bot.organization_id):
                switch(bot.pk, actor=Actor.of_staff(staff_of(request)))
        except DomainError as refusal:
            show_refusal(request, refusal)
        return back_to(bot)

    @staticmethod
    def _connect(request: HttpRequest, given: dict[str, Any]) -> Bot:
        organization: Organization = given["organization"]
        with organization_scope(organization.pk):
            return connect_bot(
                organization=organization,
                token=given["token"],
                actor=Actor.of_staff(staff_of(request)),
                take_over=given["take_over"],
            )


# The admin wraps `add_view` itself, so the mark goes on the method the middleware sees.
BotAdmin.add_view = no_transaction(BotAdmin.add_view)  # type: ignore[method-assign]
