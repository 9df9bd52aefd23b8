"""The stations of the navigation."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from bots.errors import Text
from bots.permissions import Permission, Role, may


@dataclass(frozen=True, slots=True)
class Station:
    """A page of the main menu: the URL name it opens, and the paths it is current for."""

    url_name: str
    paths: tuple[str, ...]
    label: Text
    icon: str
    permission: Permission | None = None
    short: Text = ""


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """A station as one member sees it on one page."""

    url: str
    label: Text
    short: Text
    icon: str
    is_current: bool


# URL names of apps above are strings here, as a link in a template is.
STATIONS = (
    Station("today", (), _("Today"), "house"),
    Station("bot_list", ("/bots/",), _("Bots"), "bot", Permission.BOT_VIEW),
    Station("flow_list", ("/fluxos/",), _("Flows"), "workflow", Permission.FLOW_VIEW),
    Station(
        "conversation_list",
        ("/conversas/",),
        _("Conversations"),
        "messages-square",
        Permission.CONVERSATION_VIEW,
        _("Chats"),
    ),
    Station("sale_list", ("/vendas/", "/acessos/"), _("Sales"), "banknote", Permission.PAYMENT_VIEW),
    Station("settings", ("/ajustes/", "/conta/"), _("Settings"), "settings"),
)


def navigation(path: str, role: Role) -> list[NavigationItem]:
    """The menu of a member with this role, on the page at this path."""
    return [
        NavigationItem(
            url=reverse(station.url_name),
            label=station.label,
            short=station.short or station.label,
            icon=station.icon,
            is_current=path.startswith(station.paths) if station.paths else path == "/",
        )
        for station in STATIONS
        if station.permission is None or may(role, station.permission)
    ]
