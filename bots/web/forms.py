"""Forms of the kernel's pages."""

from django import forms
from django.utils.translation import gettext_lazy as _

from bots.permissions import ApiScope

# Read everything, change nothing: the least surprising key.
DEFAULT_SCOPES = [scope.value for scope in ApiScope if scope.value.endswith(":read")]


class ConnectBotForm(forms.Form):
    """A token of BotFather, and the member's word on a webhook that belongs to somebody else."""

    token = forms.CharField(
        label=_("Token"),
        max_length=128,
        help_text=_("In Telegram, open @BotFather, send /newbot (or /token), and paste here what it answers."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "placeholder": "123456789:AA…"}),
    )
    take_over = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def clean_token(self) -> str:
        return str(self.cleaned_data["token"]).strip()


class OrganizationForm(forms.Form):
    """The name of a new organization."""

    name = forms.CharField(
        label=_("Name of your business"), max_length=100, help_text=_("Your team sees it; your customers do not.")
    )


class ApiKeyForm(forms.Form):
    """A new key: what it is for, and what it may do."""

    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("Where it will be used, so that you know later.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"), choices=ApiScope.choices, initial=DEFAULT_SCOPES, widget=forms.CheckboxSelectMultiple
    )
