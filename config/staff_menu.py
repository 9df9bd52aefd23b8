"""The staff admin's menu: every table under the subject that staff look for, with what they may see."""

from collections.abc import Mapping
from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

# By label, each with its icon; the first of a subject is the one that is mostly looked for.
SUBJECTS: Final[Mapping[str, Mapping[str, str]]] = {
    "customers": {
        "bots.organization": "storefront",
        "bots.user": "person",
        "bots.membership": "badge",
        "bots.invitation": "mail",
        "account.emailaddress": "alternate_email",
        "mfa.authenticator": "phonelink_lock",
        "bots.apikey": "key",
        "bots.noticechoice": "notifications",
        "bots.noticelink": "notifications_active",
        "bots.auditentry": "history",
    },
    "bots": {
        "bots.bot": "smart_toy",
        "bots.connectedchat": "groups",
        "flows.flow": "conversion_path",
        "flows.flowversion": "inventory_2",
        "flows.asset": "perm_media",
        "flows.conversationtest": "fact_check",
    },
    "people": {
        "bots.contact": "group",
        "flows.conversation": "forum",
        "flows.run": "route",
        "flows.timelineentry": "timeline",
        "flows.message": "chat",
        "flows.keptanswer": "privacy_tip",
        "flows.timer": "timer",
    },
    "money": {
        "payments.order": "shopping_bag",
        "payments.payment": "payments",
        "payments.paymentevent": "receipt_long",
        "payments.grant": "lock_open",
        "payments.place": "meeting_room",
        "payments.refund": "undo",
        "payments.moneymatter": "rule",
        "payments.moneyrules": "gavel",
        "payments.creditentry": "redeem",
        "payments.couponuse": "confirmation_number",
        "payments.gatewayaccount": "account_balance",
        "payments.botgateway": "alt_route",
        "payments.webhookdelivery": "webhook",
        "payments.reconciliation": "balance",
        "payments.chargerequest": "request_quote",
        "payments.sandboxcharge": "science",
    },
    "machine": {
        "flows.inboxevent": "inbox",
        "outbox.outboxmessage": "outbox",
        "outbox.outboxattempt": "replay",
        "telegram_gateway.telegramupdate": "sync",
        "telegram_gateway.telegramfile": "attach_file",
        "flows.drainmark": "hourglass_top",
        "outbox.outboxkey": "tag",
        "bots.idempotencyrecord": "repeat_one",
    },
}


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups of the menu, for whoever asks."""
    titles = {
        "customers": _("Customers"),
        "bots": _("Bots and flows"),
        "people": _("People"),
        "money": _("Money"),
        "machine": _("Engine room"),
    }
    names = {model._meta.label_lower: model._meta for model in admin.site._registry}
    # Its app has no Portuguese name for it.
    own = {"mfa.authenticator": _("second factors")}
    groups: list[dict[str, Any]] = []
    for subject, tables in SUBJECTS.items():
        items = [
            {
                "title": capfirst(own.get(label) or str(names[label].verbose_name_plural)),
                "icon": icon,
                "link": reverse(f"admin:{label.replace('.', '_')}_changelist"),
            }
            for label, icon in tables.items()
            if request.user.has_perm(f"{label.partition('.')[0]}.view_{label.partition('.')[2]}")
        ]
        if items:
            groups.append({"title": titles[subject], "separator": bool(groups), "items": items})
    return groups
