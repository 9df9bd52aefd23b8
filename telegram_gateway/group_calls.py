"""What is done in groups and channels: links made and revoked, requests to join answered, people removed.

Each repeats without harm: Telegram says that it is done already, or one link too many is known to nobody.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from bots.models import LostReason
from bots.outbox.loop import outbox_loop
from bots.outbox.registry import Cancelled, Claim, Done, Outcome, RetryAt, handler
from bots.services import chats
from payments.services import links, places
from payments.topics import INVITE_CREATE, INVITE_REVOKE, JOIN_ANSWER, MEMBER_READMIT, MEMBER_REMOVE
from telegram_gateway.client import CALL_DEADLINE
from telegram_gateway.errors import BOT_AWAY, TRANSIENT, Trouble, Verdict
from telegram_gateway.protocol.chats import TITLE_LENGTH, read_member
from telegram_gateway.protocol.render import ApiCall
from telegram_gateway.protocol.updates import as_text
from telegram_gateway.sending import RIGHTS_RETRY, Held, attempt, bot_of, outcome_of

# Bot API, `createChatInviteLink`.
NAME_LENGTH: Final = 32
# For the calls of one handler together, less than a lease.
SECONDS: Final = 60.0

# The bot can do nothing there until its owner acts; what is owed waits for that.
_LOST: Final = {
    Trouble.CHAT_NOT_FOUND: LostReason.GONE,
    Trouble.REMOVED_FROM_CHAT: LostReason.REMOVED,
}
# The right each asks for; the others remove, or let back.
_INVITING: Final = frozenset({INVITE_CREATE, INVITE_REVOKE, JOIN_ANSWER})
_HELD_BACK: Final = TRANSIENT | BOT_AWAY | {Trouble.FLOOD}


@handler(INVITE_CREATE, deadline=SECONDS)
def handle_invite(claim: Claim) -> Outcome:
    """Have a link, and tell who asked. A link is made once for all who ask to join, or for one person alone."""
    payload = claim.payload
    if payload["is_test"]:
        links.tell_link(claim.organization_id, payload, links.TEST_LINK, key=claim.key)
        return Done()
    wish = links.wish_of(claim.organization_id, payload)
    if wish is None:
        return Cancelled("nothing is open any more")
    link = wish.known
    if not link:
        parameters: dict[str, Any] = {"chat_id": wish.telegram_chat_id}
        if wish.personal:
            parameters |= {"name": str(payload["telegram_user_id"])[:NAME_LENGTH], "member_limit": 1}
        else:
            parameters |= {"creates_join_request": True}
        answer = _call(claim, ApiCall("createChatInviteLink", parameters))
        if not isinstance(answer, Mapping):
            return _outcome(claim, answer, wish.chat_id)
        link = as_text(answer.get("invite_link"), limit=TITLE_LENGTH)
        if not link:
            return RetryAt(None, "Telegram gave no link")
    links.take_link(claim.organization_id, payload, link, key=claim.key)
    return Done()


@handler(INVITE_REVOKE, deadline=SECONDS)
def handle_revocation(claim: Claim) -> Outcome:
    """A link that was used, or replaced, opens nothing any more."""
    parameters = {"chat_id": claim.payload["telegram_chat_id"], "invite_link": claim.payload["link"]}
    answer = _call(claim, ApiCall("revokeChatInviteLink", parameters))
    return Done() if isinstance(answer, Mapping) else _outcome(claim, answer, None)


@handler(JOIN_ANSWER, deadline=SECONDS)
def handle_join_request(claim: Claim) -> Outcome:
    """Let in who has an open access at this moment; everybody else is declined, and told if they can be."""
    payload = claim.payload
    chat_id, user_id = UUID(payload["chat"]), int(payload["telegram_user_id"])
    entitled = places.may_enter(claim.organization_id, chat_id, user_id)
    method = "approveChatJoinRequest" if entitled else "declineChatJoinRequest"
    answer = _call(claim, ApiCall(method, {"chat_id": payload["telegram_chat_id"], "user_id": user_id}))
    if isinstance(answer, Verdict) and answer.trouble is Trouble.REFUSED:
        # Withdrawn, answered by somebody else, or inside already.
        return Done({"note": answer.error})
    if not isinstance(answer, Mapping):
        return _outcome(claim, answer, chat_id)
    if not entitled and payload["user_chat_id"]:
        text = declined_in_words(str(payload["language_code"]))
        _call(claim, ApiCall("sendMessage", {"chat_id": payload["user_chat_id"], "text": text}))
    return Done({"let_in": entitled})


@handler(MEMBER_REMOVE, deadline=SECONDS)
def handle_removal(claim: Claim) -> Outcome:
    """Put somebody out whose access is over; never an administrator, never who has one again. They may come back."""
    payload = claim.payload
    chat_id, user_id = UUID(payload["chat"]), int(payload["telegram_user_id"])
    if not places.may_be_removed(claim.organization_id, chat_id, user_id):
        return Cancelled("this person stays")
    who, since = {"chat_id": payload["telegram_chat_id"], "user_id": user_id}, timezone.now()
    told = _call(claim, ApiCall("getChatMember", who))
    if not isinstance(told, Mapping):
        return _outcome(claim, told, chat_id)
    member = read_member(told)
    if member is None:
        return RetryAt(None, "Telegram did not say who this is")
    if member.is_admin:
        return Cancelled("this person is an administrator")
    if member.inside:
        for call in (ApiCall("banChatMember", who), ApiCall("unbanChatMember", {**who, "only_if_banned": True})):
            answer = _call(claim, call)
            if not isinstance(answer, Mapping):
                return _outcome(claim, answer, chat_id)
    elif member.status == "kicked":
        # Lost between the two calls before; or banned by the team, which stays as it is.
        _call(claim, ApiCall("unbanChatMember", {**who, "only_if_banned": True})) if claim.attempt > 1 else None
    by_us = member.inside or (member.status == "kicked" and claim.attempt > 1)
    places.note_removed(claim.organization_id, chat_id, user_id, since=since, by_us=by_us)
    return Done()


@handler(MEMBER_READMIT, deadline=SECONDS)
def handle_readmission(claim: Claim) -> Outcome:
    """No ban stands in the way of who may come in again; whoever has no access by now stays as they are."""
    payload = claim.payload
    chat_id, user_id = UUID(payload["chat"]), int(payload["telegram_user_id"])
    if not places.may_enter(claim.organization_id, chat_id, user_id):
        return Cancelled("nothing is open any more")
    who = {"chat_id": payload["telegram_chat_id"], "user_id": user_id, "only_if_banned": True}
    answer = _call(claim, ApiCall("unbanChatMember", who))
    return Done() if isinstance(answer, Mapping) else _outcome(claim, answer, chat_id)


def declined_in_words(language_code: str) -> str:
    """What somebody hears whose request was declined; Portuguese unless they speak something else."""
    portuguese = not language_code or language_code.lower().startswith("pt")
    with translation.override("pt-br" if portuguese else "en"):
        return _("We found no open access of yours to this group. Open the chat with the bot and send /acesso.")


def _call(claim: Claim, call: ApiCall) -> Mapping[str, Any] | Verdict | Outcome:
    moved: list[int] = []
    answer = outbox_loop.run(_made(claim, call, moved), timeout=CALL_DEADLINE + 1)
    if moved and claim.bot_id is not None:
        # Telegram tells it in an update, too; that one may be lost.
        chats.move_chat(claim.bot_id, was=int(call.parameters["chat_id"]), now=moved[-1])
    return answer


async def _made(claim: Claim, call: ApiCall, moved: list[int]) -> Mapping[str, Any] | Verdict | Outcome:
    bot = await bot_of(claim)
    if isinstance(bot, Held):
        return bot.outcome
    answer = await attempt(bot, call, moved=moved)
    if isinstance(answer, Verdict) and answer.trouble in _HELD_BACK:
        return outcome_of(claim, bot, answer)
    return answer


def _outcome(claim: Claim, answer: Mapping[str, Any] | Verdict | Outcome, chat_id: UUID | None) -> Outcome:
    """What a call that did not succeed means: what the owner can mend is tried until it is mended."""
    if not isinstance(answer, Verdict):
        assert not isinstance(answer, Mapping)
        return answer
    reason = _LOST.get(answer.trouble)
    if chat_id is None or (reason is None and answer.trouble is not Trouble.MISSING_RIGHTS):
        return Cancelled(answer.error)
    note = partial(chats.note_right_missing, chat_id, invites=claim.topic in _INVITING)
    if reason is not None:
        note = partial(chats.note_lost, chat_id, reason)
    return RetryAt(timezone.now() + RIGHTS_RETRY, answer.error, counts=False, follow_up=note)
