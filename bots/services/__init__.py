"""The kernel's writes: organizations and their members, bots, keys, the audit trail."""

from bots.actor import SYSTEM, Actor, AnyActor
from bots.services.api_keys import NewApiKey, create_api_key, revoke_api_key
from bots.services.audit import record_audit
from bots.services.connecting import connect_bot, create_simulator_bot
from bots.services.members import (
    NewInvitation,
    accept_invitation,
    add_member,
    change_role,
    invite_member,
    remove_member,
)
from bots.services.organizations import change_locale, change_organization, create_organization
from bots.services.pausing import pause_bot, resume_bot

__all__ = [
    "SYSTEM",
    "Actor",
    "AnyActor",
    "NewApiKey",
    "NewInvitation",
    "accept_invitation",
    "add_member",
    "change_locale",
    "change_organization",
    "change_role",
    "connect_bot",
    "create_api_key",
    "create_organization",
    "create_simulator_bot",
    "invite_member",
    "pause_bot",
    "record_audit",
    "remove_member",
    "resume_bot",
    "revoke_api_key",
]
