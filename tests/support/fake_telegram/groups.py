"""The groups and channels of the fake Bot API: who is in them, their invite links, who asks to come in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

INVITE = "https://t.me/+"
RIGHTS = {"can_invite_users": True, "can_restrict_members": True}


@dataclass(slots=True)
class Group:
    """One group or channel: the status of each member by user id, links by address."""

    id: int
    kind: str = "supergroup"
    title: str = "VIP"
    members: dict[int, str] = field(default_factory=dict)
    rights: dict[str, bool] = field(default_factory=lambda: dict(RIGHTS))
    links: dict[str, dict[str, Any]] = field(default_factory=dict)
    asking: set[int] = field(default_factory=set)
    banned: set[int] = field(default_factory=set)

    @property
    def chat(self) -> dict[str, Any]:
        return {"id": self.id, "type": self.kind, "title": self.title}


class Groups:
    """Every group of the server. A chat that is not here is not known."""

    def __init__(self) -> None:
        self.known: dict[int, Group] = {}

    def open(self, chat_id: int = -1001, **fields: Any) -> Group:
        """A group in which every bot is an administrator."""
        group = self.known[chat_id] = Group(chat_id, **fields)
        return group

    def fault(self, method: str, parameters: Mapping[str, Any]) -> str | None:
        """Why Telegram would refuse the call, in its words; None where it would not."""
        chat_id = parameters.get("chat_id")
        if method not in _METHODS or not isinstance(chat_id, int) or chat_id > 0:
            return None
        group = self.known.get(chat_id)
        if group is None:
            return "Bad Request: chat not found"
        user = int(parameters.get("user_id") or 0)
        if method == "banChatMember" and group.members.get(user) in ("administrator", "creator"):
            return "Bad Request: user is an administrator of the chat"
        if method in ("approveChatJoinRequest", "declineChatJoinRequest") and user not in group.asking:
            return "Bad Request: HIDE_REQUESTER_MISSING"
        needed = _METHODS[method]
        return f"Bad Request: not enough rights to {method}" if needed and not group.rights.get(needed) else None

    def answer(self, bot_id: int, method: str, parameters: Mapping[str, Any]) -> Any:
        """The result of a call about a group; None for any other."""
        group = self.known.get(parameters.get("chat_id") or 0)
        if method not in _METHODS or group is None:
            return None
        user = int(parameters.get("user_id") or 0)
        match method:
            case "getChat":
                return group.chat
            case "getChatMember" if user == bot_id:
                return {"user": {"id": bot_id, "is_bot": True}, "status": "administrator", **group.rights}
            case "getChatMember":
                return {"user": {"id": user, "is_bot": False}, "status": group.members.get(user, "left")}
            case "createChatInviteLink":
                address = f"{INVITE}{abs(group.id)}-{len(group.links)}"
                group.links[address] = {"invite_link": address, "is_revoked": False, **dict(parameters)}
                return group.links[address]
            case "revokeChatInviteLink":
                link = group.links[str(parameters["invite_link"])]
                link["is_revoked"] = True
                return link
            case "approveChatJoinRequest":
                group.asking.discard(user)
                group.members[user] = "member"
            case "declineChatJoinRequest":
                group.asking.discard(user)
            case "banChatMember":
                group.members.pop(user, None)
                group.banned.add(user)
            case "unbanChatMember":
                group.banned.discard(user)
        return True


# What the bot must be allowed for each.
_METHODS: dict[str, str] = {
    "getChat": "",
    "getChatMember": "",
    "createChatInviteLink": "can_invite_users",
    "revokeChatInviteLink": "can_invite_users",
    "approveChatJoinRequest": "can_invite_users",
    "declineChatJoinRequest": "can_invite_users",
    "banChatMember": "can_restrict_members",
    "unbanChatMember": "can_restrict_members",
}
