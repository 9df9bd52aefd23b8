"""The form of a new gateway account: the fields that its gateway asks for, and no other."""

from collections.abc import Mapping
from typing import Final

from django import forms
from django.utils.translation import gettext_lazy as _

from bots.errors import Text
from payments.domain.gateway_names import GatewayName
from payments.gateways.base import CredentialField, Environment, SecretOrigin
from payments.gateways.registry import GATEWAYS
from payments.models.enums import CONNECTABLE_CHOICES, GATEWAY_CHOICES

# What to call each credential, and where a seller finds it.
CREDENTIALS: Final[Mapping[str, tuple[Text, Text]]] = {
    "access_token": (
        _("Access token"),
        _("In Mercado Pago's developer panel, under production credentials. It begins with APP_USR."),
    ),
    "token": (_("API token"), _("In PushinPay's panel, under settings.")),
    "app_id": (_("AppID"), _("In Woovi, under API/Plugins, of an API application.")),
    "api_key": (_("Asaas API key"), _("In Asaas, under integrations. It begins with $aact_.")),
    "environment": (_("Environment"), _("The test environment moves no real money.")),
}
ENVIRONMENTS: Final[Mapping[str, Text]] = {
    Environment.PRODUCTION: _("Real payments"),
    Environment.SANDBOX: _("Test environment"),
}
SECRETS: Final[Mapping[GatewayName, Text]] = {
    GatewayName.MERCADO_PAGO: _("Secret signature of your application's webhooks. Optional, and safer with it."),
    GatewayName.WOOVI: _("HMAC secret of the webhook. Optional: Woovi's own signature is always checked."),
}
# Where a seller enters our address at a gateway that must be told it once.
WEBHOOK_STEPS: Final[Mapping[GatewayName, tuple[Text, ...]]] = {
    GatewayName.PUSHINPAY: (
        _("Its notices come by themselves: each charge tells PushinPay the address."),
        _("To have them proven, open settings, then webhooks, in PushinPay's panel."),
        _("Let it send a header of your own with every notice: x-pushinpay-token, with the token below as its value."),
    ),
    GatewayName.WOOVI: (
        _("In Woovi open API/Plugins, then webhooks, and make a new one."),
        _("Choose every event of charges, and paste the address."),
    ),
    GatewayName.ASAAS: (
        _("In Asaas open integrations, then webhooks, and add one."),
        _("Paste the address, and the token as its access token."),
        _("Choose every event of charges, and let the queue be active."),
    ),
}
ADDABLE: Final = tuple(CONNECTABLE_CHOICES)


class AccountForm(forms.Form):
    """One account at one gateway."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("So that you tell your accounts apart. Buyers do not see it.")
    )

    def __init__(
        self, gateway: GatewayName, data: Mapping[str, str] | None = None, *, known: Mapping[str, str] | None = None
    ) -> None:
        """`known`: what is known of an account to be changed, nothing secret; what stays empty then stays as it is."""
        super().__init__(data)
        self.gateway = gateway
        traits = GATEWAYS[gateway].traits
        self.fields["name"].initial = (known or {}).get("name") or dict(GATEWAY_CHOICES)[gateway.value]
        for field in traits.credentials if gateway is not GatewayName.STARS else ():
            label, hint = CREDENTIALS[field.name]
            self.fields[field.name] = _input(field, label, hint)
            if known is not None:
                self.fields[field.name].initial = known.get(field.name)
                self.fields[field.name].required = bool(field.choices)
        if traits.webhook_secret is SecretOrigin.THEIRS:
            self.fields["webhook_secret"] = forms.CharField(
                label=_("Webhook secret"),
                help_text=str(SECRETS[gateway]),
                max_length=1000,
                required=False,
                widget=_secret_input(),
            )

    @property
    def credentials(self) -> dict[str, str]:
        """What the gateway needs, of what was typed in."""
        names = (field.name for field in GATEWAYS[self.gateway].traits.credentials if field.name in self.fields)
        return {name: self.cleaned_data[name] for name in names}


def _input(field: CredentialField, label: Text, hint: Text) -> forms.Field:
    if not field.choices:
        return forms.CharField(label=str(label), help_text=str(hint), max_length=1000, widget=_secret_input())
    choices = [(choice, ENVIRONMENTS[choice]) for choice in field.choices]
    return forms.ChoiceField(label=str(label), help_text=str(hint), choices=choices)


def _secret_input() -> forms.Widget:
    """Never filled in again after a mistake: a page must not send a secret back."""
    return forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}, render_value=False)
