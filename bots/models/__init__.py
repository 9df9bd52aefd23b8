"""The kernel's tables."""

from bots.models.apikey import ApiKey, IdempotencyRecord
from bots.models.audit import ActorKind, AuditEntry
from bots.models.base import (
    PartitionedModel,
    TenantForeignKey,
    TenantModel,
    TimestampedModel,
    tenant_constraints,
    tenant_fk,
)
from bots.models.bot import Bot, BotStatus, Delivery
from bots.models.chat import ChatKind, ChatStatus, ConnectedChat, LostReason
from bots.models.contact import Channel, Contact
from bots.models.notice import NoticeChoice, NoticeKind, NoticeLink
from bots.models.organization import Invitation, Locale, Membership, Organization, User
from bots.permissions import Role

__all__ = [
    "ActorKind",
    "ApiKey",
    "AuditEntry",
    "Bot",
    "BotStatus",
    "Channel",
    "ChatKind",
    "ChatStatus",
    "ConnectedChat",
    "Contact",
    "Delivery",
    "IdempotencyRecord",
    "Invitation",
    "Locale",
    "LostReason",
    "Membership",
    "NoticeChoice",
    "NoticeKind",
    "NoticeLink",
    "Organization",
    "PartitionedModel",
    "Role",
    "TenantForeignKey",
    "TenantModel",
    "TimestampedModel",
    "User",
    "tenant_constraints",
    "tenant_fk",
]
