"""What each role may do in its organization, and what an API key's scopes mean: pure tables."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Administrator")
    EDITOR = "editor", _("Editor")
    SUPPORT = "support", _("Support")
    VIEWER = "viewer", _("Viewer")


class Permission(StrEnum):
    """One thing a member may do; named as object and act."""

    BOT_VIEW = "bot.view"
    BOT_CONNECT = "bot.connect"
    BOT_CHANGE = "bot.change"
    FLOW_VIEW = "flow.view"
    FLOW_EDIT = "flow.edit"
    FLOW_PUBLISH = "flow.publish"
    FLOW_TEST = "flow.test"
    CONVERSATION_VIEW = "conversation.view"
    CONVERSATION_ANSWER = "conversation.answer"
    PAYMENT_VIEW = "payment.view"
    PAYMENT_REFUND = "payment.refund"
    PAYMENT_EXPORT = "payment.export"
    GRANT_GIVE = "grant.give"
    GATEWAY_MANAGE = "gateway.manage"
    MEMBER_VIEW = "member.view"
    MEMBER_MANAGE = "member.manage"
    API_KEY_MANAGE = "api_key.manage"
    AUDIT_VIEW = "audit.view"
    ORGANIZATION_CHANGE = "organization.change"


_VIEWER = frozenset(
    {
        Permission.BOT_VIEW,
        Permission.FLOW_VIEW,
        Permission.FLOW_TEST,
        Permission.CONVERSATION_VIEW,
        Permission.PAYMENT_VIEW,
        Permission.MEMBER_VIEW,
    }
)
_SUPPORT = _VIEWER | {Permission.CONVERSATION_ANSWER, Permission.GRANT_GIVE}
_EDITOR = _VIEWER | {
    Permission.BOT_CHANGE,
    Permission.FLOW_EDIT,
    Permission.FLOW_PUBLISH,
    Permission.CONVERSATION_ANSWER,
}
_ADMIN = frozenset(Permission) - {Permission.ORGANIZATION_CHANGE}

PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.ADMIN: _ADMIN,
    Role.EDITOR: _EDITOR,
    Role.SUPPORT: _SUPPORT,
    Role.VIEWER: _VIEWER,
}

# Who may give or take which role: an administrator makes no owners and unmakes none.
MANAGEABLE_ROLES: Mapping[Role, frozenset[Role]] = {
    Role.OWNER: frozenset(Role),
    Role.ADMIN: frozenset(Role) - {Role.OWNER},
    Role.EDITOR: frozenset(),
    Role.SUPPORT: frozenset(),
    Role.VIEWER: frozenset(),
}


def may(role: Role | str, permission: Permission) -> bool:
    """Whether a member with this role may do that."""
    return permission in PERMISSIONS[Role(role)]


class ApiScope(models.TextChoices):
    """What a key may be used for; a write scope includes reading."""

    BOTS_READ = "bots:read", _("Read bots")
    BOTS_WRITE = "bots:write", _("Connect and change bots")
    FLOWS_READ = "flows:read", _("Read flows")
    FLOWS_WRITE = "flows:write", _("Edit and publish flows")
    CONTACTS_READ = "contacts:read", _("Read contacts")
    RUNS_READ = "runs:read", _("Read runs and their events")
    RUNS_WRITE = "runs:write", _("Start runs")
    PAYMENTS_READ = "payments:read", _("Read payments and grants")
    PAYMENTS_WRITE = "payments:write", _("Refund payments, give accesses and take them back")
    GATEWAYS_READ = "gateways:read", _("Read gateway accounts and their health")
    GATEWAYS_WRITE = "gateways:write", _("Manage gateway accounts and their order")
    WEBHOOKS_READ = "webhooks:read", _("Read webhook endpoints")
    WEBHOOKS_WRITE = "webhooks:write", _("Manage webhook endpoints")


def scope_allows(granted: Iterable[str], needed: ApiScope) -> bool:
    """Whether a key with these scopes may do what asks for `needed`."""
    subject, _separator, act = needed.value.partition(":")
    held = set(granted)
    return needed.value in held or (act == "read" and f"{subject}:write" in held)
