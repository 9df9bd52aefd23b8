"""The tabs of the settings."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from bots.errors import Text
from bots.permissions import Permission
from bots.web.member import MemberRequest, allowed


@dataclass(frozen=True, slots=True)
class Tab:
    """One page of the settings, as this member sees it."""

    url: str
    label: Text
    icon: str
    is_current: bool


# URL names of apps above are strings here, as a link in a template is.
TABS: tuple[tuple[str, Text, str, Permission], ...] = (
    ("member_list", _("Members"), "users", Permission.MEMBER_VIEW),
    ("organization_settings", _("Organization"), "store", Permission.ORGANIZATION_CHANGE),
    ("account_list", _("Payments"), "wallet", Permission.PAYMENT_VIEW),
    ("money_rules", _("Rules"), "list-checks", Permission.GATEWAY_MANAGE),
    ("chat_list", _("Groups and channels"), "message-circle", Permission.BOT_VIEW),
    ("notice_settings", _("Notices"), "bell", Permission.MEMBER_VIEW),
    ("api_key_list", _("API keys"), "key-round", Permission.API_KEY_MANAGE),
)


def settings_tabs(request: MemberRequest) -> list[Tab]:
    """What this member may see of the settings. The present tab is the one whose address the page's begins with."""
    seen = [(reverse(name), label, icon) for name, label, icon, permission in TABS if allowed(request, permission)]
    present = max((url for url, _label, _icon in seen if request.path.startswith(url)), key=len, default="")
    return [Tab(url, label, icon, url == present) for url, label, icon in seen]
