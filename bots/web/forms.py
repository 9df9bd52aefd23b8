"""Forms of the kernel's pages."""

from zoneinfo import available_timezones

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


# Where sellers of this product are; every other zone follows.
NEAR_ZONES = ("America/Sao_Paulo", "America/Manaus", "America/Rio_Branco", "America/Noronha", "Europe/Lisbon")


def time_zone_choices() -> list[tuple[str, str]]:
    """Every zone by its name, those of Brazil and Portugal first."""
    others = sorted(available_timezones() - set(NEAR_ZONES))
    return [(name, name.replace("_", " ")) for name in (*NEAR_ZONES, *others)]


class OrganizationSettingsForm(OrganizationForm):
    """What holds for the whole organization: its name, its clock, its quiet hours."""

    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=time_zone_choices,
        help_text=_("Times of day in flows and on these pages are of this clock."),
    )
    quiet_from = forms.TimeField(
        label=_("Quiet hours begin"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    quiet_until = forms.TimeField(
        label=_("Quiet hours end"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_("Waits that avoid the quiet hours end when these are over. Leave both empty for none."),
    )


class ApiKeyForm(forms.Form):
    """A new key: what it is for, and what it may do."""

    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("Where it will be used, so that you know later.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"), choices=ApiScope.choices, initial=DEFAULT_SCOPES, widget=forms.CheckboxSelectMultiple
    )
