"""Forms of the flows app's pages."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext_lazy as _

from bots.models import Bot
from flows.models import Flow
from flows.services.starters import STARTERS, StarterCode


class NewFlowForm(forms.Form):
    """A name, a bot, and what to start from."""

    name = forms.CharField(label=_("Name"), max_length=120)
    bot = forms.ModelChoiceField(label=_("Bot"), queryset=Bot.objects.none(), empty_label=None)
    template = forms.ChoiceField(
        label=_("Start from"),
        choices=[(code.value, starter.name) for code, starter in STARTERS.items()],
        initial=StarterCode.VIP_GROUP.value,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, bots: Sequence[Bot], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["bot"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Bot.objects.filter(pk__in=[bot.pk for bot in bots])


class BotForm(forms.Form):
    """A bot's welcome, and which flow its new people enter."""

    welcome_message = forms.CharField(
        label=_("Welcome message"),
        required=False,
        max_length=4096,
        help_text=_("{{first_name}} becomes the person's name."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    flow_enabled = forms.BooleanField(
        label=_("Flow on"),
        required=False,
        help_text=_("Off, the bot shows only the welcome and its buttons. Whoever is inside a flow finishes it."),
        widget=forms.CheckboxInput(attrs={"class": "toggle"}),
    )
    support_contact = forms.CharField(
        label=_("Support contact"),
        required=False,
        max_length=200,
        help_text=_("What /paysupport tells: @username, e-mail, phone or address. Empty: this very chat."),
    )
    active_flow = forms.ModelChoiceField(
        label=_("Active flow"), required=False, queryset=Flow.objects.none(), empty_label=_("none")
    )

    def __init__(self, *args: Any, flows: Sequence[Flow], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["active_flow"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Flow.objects.filter(pk__in=[flow.pk for flow in flows])


class MainButtonForm(forms.Form):
    """One product of the welcome. What the form does not show of a button (an address, media) is kept."""

    text = forms.CharField(label=_("Text"), max_length=64)
    price = forms.RegexField(
        r"^\d{1,7}([.,]\d{1,2})?$",
        label=_("Price in reais"),
        required=False,
        strip=True,
        error_messages={"invalid": _("Write it as 29,90.")},
        widget=forms.TextInput(attrs={"inputmode": "decimal", "placeholder": "29,90"}),
    )
    description = forms.CharField(label=_("Description"), required=False, max_length=250)
    access_text = forms.CharField(label=_("Text delivered when paid"), required=False, max_length=4096)
    access_link = forms.URLField(label=_("Link delivered when paid"), required=False, assume_scheme="https")

    @staticmethod
    def initial_of(button: Mapping[str, Any]) -> dict[str, Any]:
        access = button.get("access") or {}
        return {
            "text": button.get("text", ""),
            "price": str(button.get("price") or "").replace(".", ","),
            "description": button.get("description") or "",
            "access_text": access.get("text") or "",
            "access_link": access.get("link") or "",
        }

    def button(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """The button as the definition writes it."""
        data = self.cleaned_data
        access = {**(before.get("access") or {}), "text": data["access_text"], "link": data["access_link"]}
        access = {name: value for name, value in access.items() if value}
        button = {
            **before,
            "text": data["text"],
            "price": data["price"].replace(",", "."),
            "description": data["description"],
            "access": access,
        }
        return {name: value for name, value in button.items() if value}


class RedirectButtonForm(forms.Form):
    """One button that opens a page."""

    text = forms.CharField(label=_("Text"), max_length=64)
    url = forms.URLField(label=_("Address"), assume_scheme="https")

    def button(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """The button as the definition writes it."""
        return {**before, "text": self.cleaned_data["text"], "url": self.cleaned_data["url"]}


MainButtons = formset_factory(MainButtonForm, extra=1, max_num=20, can_delete=True)
RedirectButtons = formset_factory(RedirectButtonForm, extra=1, max_num=20, can_delete=True)


def buttons_of(forms_of_buttons: "BaseFormSet[Any]", before: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What a valid formset says the buttons are now."""
    buttons = []
    for place, form in enumerate(forms_of_buttons):
        data = form.cleaned_data
        if data and data.get("text") and not data.get("DELETE"):
            buttons.append(form.button(before[place] if place < len(before) else {}))
    return buttons
