"""Telling the team: decided in the transaction of what happened, sent by the outbox to whoever chose to be told.

`notify` writes one row of the outbox. Its handler looks who wants to know by then and publishes one message for each
member and way, so that a slow mail server holds up nobody's Telegram, and the drain no statement.
"""

import secrets
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bots.actor import AnyActor
from bots.errors import Invalid, NotFound, Text
from bots.models import Bot, BotStatus, Delivery, Membership, NoticeChoice, NoticeKind, NoticeLink
from bots.models.notice import hash_of_code
from bots.outbox.publish import NewMessage, publish
from bots.permissions import Permission, Role, may
from bots.services.audit import record_audit
from bots.storable import clean_text
from bots.tenancy import current_organization_id, organization_scope, scoped_transaction
from bots.topics import NOTICE_EMAIL, NOTICE_RAISED, NOTICE_TELEGRAM

CODE_PREFIX: Final = "notify-"
CODE_LIFE: Final = timedelta(minutes=30)
# Not worth telling a day later.
WORTH_FOR: Final = timedelta(hours=24)
FACT_LENGTH: Final = 200
# What is urgent is told to owners by e-mail unless they say otherwise; the rest only to who asks for it.
_ONLY_WHEN_ASKED: Final = frozenset({NoticeKind.SALE_PAID})
_OF_MONEY: Final = frozenset(
    {
        NoticeKind.SALE_PAID,
        NoticeKind.NOT_SERVED,
        NoticeKind.DISPUTE,
        NoticeKind.PAYMENT_ALARM,
        NoticeKind.GATEWAY_DOWN,
        NoticeKind.GATEWAY_SILENT,
        NoticeKind.BOOKS_DIFFER,
    }
)


class Way(StrEnum):
    """How a member is told."""

    EMAIL = "email"
    TELEGRAM = "telegram"


@dataclass(frozen=True, slots=True)
class Told:
    """A notice in one member's language."""

    title: str
    text: str
    url: str

    @property
    def plain(self) -> str:
        return "\n\n".join(part for part in (self.title, self.text, self.url) if part)


# A title and a text of each kind. Facts that are missing are left empty.
WORDS: Final[Mapping[NoticeKind, tuple[Text, Text]]] = {
    NoticeKind.NOT_SERVED: (
        _("%(name)s paid and is not inside"),
        _("%(amount)s for %(what)s came in, and the access has not reached them. Look at the sale now."),
    ),
    NoticeKind.DISPUTE: (
        _("%(name)s disputes a payment"),
        _(
            "%(amount)s for %(what)s. Answer at the gateway, with the proof of the sale, by %(deadline)s: "
            "without an answer the money goes back."
        ),
    ),
    NoticeKind.PAYMENT_ALARM: (
        _("Look at %(name)s's payment"),
        _("%(amount)s for %(what)s: %(reason)s"),
    ),
    NoticeKind.GATEWAY_DOWN: (
        _("%(account)s does not answer"),
        _("It fails since %(since)s: %(reason)s. New charges go to the next account, or fail. Those made are watched."),
    ),
    NoticeKind.GATEWAY_SILENT: (
        _("%(account)s hardly tells us anything"),
        _(
            "In a week %(percent)s of its payments were found only because we asked: buyers wait longer for access."
            " The page of accounts shows which address belongs at the gateway."
        ),
    ),
    NoticeKind.BOOKS_DIFFER: (
        _("The books of %(account)s are not the gateway's"),
        _("%(day)s: %(reason)s The health of the account shows which payments."),
    ),
    NoticeKind.BOT_REVOKED: (
        _("%(bot)s does not answer"),
        _("Telegram no longer accepts its token. Its messages wait: connect it again."),
    ),
    NoticeKind.BOT_RIGHTS: (
        _("%(bot)s may not do what it should"),
        _("Telegram says: %(reason)s. Give the bot its rights back in the group or channel %(chat)s."),
    ),
    NoticeKind.EVENT_SET_ASIDE: (
        _("A message of %(name)s was set aside"),
        _("It failed again and again in %(bot)s. What was said and paid is kept; retry it or let it go."),
    ),
    NoticeKind.RUN_WAITS: (
        _("%(name)s waits for your team"),
        _("A conversation in %(bot)s needs a person. Others may wait too: the list shows them all."),
    ),
    NoticeKind.SALE_PAID: (
        _("%(name)s paid %(amount)s"),
        _("%(what)s, in %(bot)s."),
    ),
}
_TEST: Final = (_("This is a test"), _("Notices of %(organization)s reach you here."))
# In place of facts that nobody told.
_UNKNOWN: Final[Mapping[str, Text]] = {
    "name": _("Somebody"),
    "deadline": _("the day the gateway names"),
    "what": _("a sale"),
    "amount": _("An amount"),
}
if set(WORDS) != set(NoticeKind):
    raise RuntimeError("Every kind of notice needs its words.")


class _Facts(dict[str, str]):
    """Facts of a notice; what was not told has a word of its own."""

    def __missing__(self, name: str) -> str:
        return str(_UNKNOWN.get(name, "…"))


def notice(
    organization_id: uuid.UUID,
    kind: NoticeKind,
    key: str,
    facts: Mapping[str, object],
    *,
    page: Sequence[object],
    at: datetime,
) -> NewMessage:
    """The outbox row of something the team is told once per `key`, for whoever publishes rows together. `facts` fill
    the kind's words; `page` is the URL name, and its ids, of the page that deals with it."""
    told = {name: clean_text(str(value))[:FACT_LENGTH] for name, value in facts.items() if value not in (None, "")}
    return NewMessage(
        topic=NOTICE_RAISED,
        key=f"notice:{organization_id}:{kind.value}:{key}",
        organization_id=organization_id,
        payload={"kind": kind.value, "facts": told, "page": [str(part) for part in page]},
        expires_at=at + WORTH_FOR,
    )


def notify(
    organization_id: uuid.UUID, kind: NoticeKind, key: str, facts: Mapping[str, object], *, page: Sequence[object]
) -> None:
    """Tells the members who chose it, once per `key`; in the caller's transaction, with one statement. Safe to repeat:
    the same kind and key is told once, so a key that names an hour is told at most once in it."""
    publish([notice(organization_id, kind, key, facts, page=page, at=timezone.now())])


def spread(notice_id: uuid.UUID, payload: Mapping[str, object]) -> int:
    """One message for each member and way that wants this notice; answers how many. Safe to repeat."""
    kind = NoticeKind(str(payload["kind"]))
    organization_id = current_organization_id()
    with scoped_transaction():
        messages = [
            _message(organization_id, member, way, payload, key=f"{notice_id}:{member.membership.pk}")
            for member in recipients()
            for way in member.ways(kind)
        ]
        publish(messages)
    return len(messages)


@dataclass(frozen=True, slots=True)
class Recipient:
    """A member with what they chose."""

    membership: Membership
    choices: Mapping[str, NoticeChoice]
    link: NoticeLink | None

    def wants(self, kind: NoticeKind, way: Way) -> bool:
        """Their word, else what is usual for their role. Nobody is told of what they may not see."""
        if kind in _OF_MONEY and not may(self.membership.role, Permission.PAYMENT_VIEW):
            return False
        chosen = self.choices.get(kind.value)
        if chosen is None:
            return usual(self.membership.role, kind, way)
        return chosen.by_email if way is Way.EMAIL else chosen.by_telegram

    def ways(self, kind: NoticeKind) -> Iterator[Way]:
        """The ways by which they hear of it."""
        if self.wants(kind, Way.EMAIL):
            yield Way.EMAIL
        if self.is_linked and self.wants(kind, Way.TELEGRAM):
            yield Way.TELEGRAM

    @property
    def is_linked(self) -> bool:
        return self.link is not None and self.link.telegram_user_id is not None


def usual(role: str, kind: NoticeKind, way: Way) -> bool:
    """What a member is told who has chosen nothing."""
    return role == Role.OWNER and way is Way.EMAIL and kind not in _ONLY_WHEN_ASKED


def recipients(membership_ids: Iterable[uuid.UUID] | None = None) -> list[Recipient]:
    """The active organization's members with their choices; three statements."""
    members = Membership.objects.select_related("user", "organization").filter(user__is_active=True).order_by("pk")
    if membership_ids is not None:
        members = members.filter(pk__in=list(membership_ids))
    links = {link.membership_id: link for link in NoticeLink.objects.select_related("bot")}
    choices: dict[uuid.UUID, dict[str, NoticeChoice]] = {}
    for choice in NoticeChoice.objects.all():
        choices.setdefault(choice.membership_id, {})[choice.kind] = choice
    return [Recipient(member, choices.get(member.pk, {}), links.get(member.pk)) for member in members]


def told_to(membership: Membership, payload: Mapping[str, object]) -> Told:
    """A notice's words in the member's language."""
    facts = payload.get("facts")
    known = _Facts({str(name): str(value) for name, value in facts.items()} if isinstance(facts, dict) else {})
    words = WORDS[NoticeKind(str(payload["kind"]))] if payload.get("kind") else _TEST
    page = payload.get("page")
    path = reverse(str(page[0]), args=page[1:]) if isinstance(page, list) and page else ""
    with translation.override(membership.user.locale):
        # Reasons of ours are told in English and read in the member's language; those of others stay as they are.
        known |= {"reason": gettext(known["reason"])} if known.get("reason") else {}
        title, text = (str(part) % known for part in words)
    return Told(title=title, text=text, url=f"{settings.SITE_URL}{path}" if path else "")


def choose(membership_id: uuid.UUID, wanted: Mapping[NoticeKind, tuple[bool, bool]], *, actor: AnyActor) -> None:
    """Keeps which kinds a member hears of, by e-mail and by Telegram. Raises NotFound."""
    with scoped_transaction():
        membership = Membership.objects.filter(pk=membership_id).first()
        if membership is None:
            raise NotFound("member_not_found", _("There is no such member."))
        rows = [
            NoticeChoice(
                organization_id=membership.organization_id,
                membership=membership,
                kind=kind.value,
                by_email=by_email,
                by_telegram=by_telegram,
            )
            for kind, (by_email, by_telegram) in wanted.items()
        ]
        NoticeChoice.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["membership", "kind"],
            update_fields=["by_email", "by_telegram"],
        )
        told = {kind.value: [way for way, on in zip(Way, ways, strict=True) if on] for kind, ways in wanted.items()}
        record_audit(membership, "notices.chosen", actor=actor, data=told)


def begin_link(membership: Membership, bot_id: uuid.UUID) -> str:
    """A code for the member to send to this bot within half an hour; an earlier one is worth nothing from here on.

    A Telegram already linked stays so until the new one is. Raises NotFound, and Invalid for a bot without a Telegram.
    """
    bot = Bot.objects.filter(pk=bot_id).first()
    if bot is None:
        raise NotFound("bot_not_found", _("There is no such bot."))
    if bot not in linkable_bots():
        raise Invalid(
            "bot_not_on_telegram", _("This bot does not answer on Telegram now. Choose another."), field="bot"
        )
    code = secrets.token_urlsafe(24)
    fresh = {"bot": bot, "code_hash": hash_of_code(code), "code_until": timezone.now() + CODE_LIFE}
    with scoped_transaction():
        link, made = NoticeLink.objects.get_or_create(
            membership=membership, defaults={"organization_id": membership.organization_id, **fresh}
        )
        if not made:
            changed = {"telegram_user_id": None, "linked_at": None} if link.bot_id != bot.pk else {}
            NoticeLink.objects.filter(pk=link.pk).update(**fresh, **changed)
    return code


def linkable_bots() -> list[Bot]:
    """The bots by which a member can be told: those that are on Telegram and answer."""
    found = Bot.objects.filter(status=BotStatus.ACTIVE, token_hash__isnull=False).exclude(delivery=Delivery.SIMULATOR)
    return list(found.exclude(username="").order_by("name", "pk"))


def finish_link(*, organization_id: uuid.UUID, bot_id: uuid.UUID, telegram_user_id: int, code: str) -> bool:
    """Somebody sent a code to a bot: links their chat if it is one of that bot's and still good. The chat is told
    either way. Joins the caller's transaction; a second use of the same code links nothing."""
    with organization_scope(organization_id):
        found = NoticeLink.objects.select_for_update(of=("self",), no_key=True).filter(
            bot_id=bot_id, code_hash=hash_of_code(code)
        )
        link = found.select_related("membership__user").first()
        now = timezone.now()
        linked = link is not None and link.takes(now)
        if link is not None and linked:
            link.telegram_user_id, link.linked_at = telegram_user_id, now
            link.code_hash = link.code_until = None
            link.save(update_fields=["telegram_user_id", "linked_at", "code_hash", "code_until"])
            record_audit(link, "notices.linked", actor=link.membership.user, data={"bot": str(bot_id)})
        locale = link.membership.user.locale if link is not None else Bot.objects.get(pk=bot_id).locale
        with translation.override(locale):
            answer = _("Done: notices reach you in this chat.") if linked else _("This code is not good any more.")
            text = str(answer)
        publish(
            [
                NewMessage(
                    topic=NOTICE_TELEGRAM,
                    key=f"notice:link:{bot_id}:{telegram_user_id}:{hash_of_code(code)[:32]}:{linked}",
                    organization_id=organization_id,
                    bot_id=bot_id,
                    payload={"telegram_user_id": telegram_user_id, "text": text},
                    expires_at=now + CODE_LIFE,
                )
            ]
        )
    return linked


def end_link(membership: Membership, *, actor: AnyActor) -> None:
    """Forgets the member's Telegram. Safe to repeat."""
    with scoped_transaction():
        link = NoticeLink.objects.filter(membership=membership).first()
        if link is not None:
            record_audit(link, "notices.unlinked", actor=actor)
            link.delete()


def send_test(membership: Membership) -> tuple[Way, ...]:
    """A notice that says it is a test, by every way this member has; answers which."""
    member = recipients([membership.pk])[0]
    payload = {"kind": "", "facts": {"organization": membership.organization.name}, "page": []}
    ways = (Way.EMAIL, Way.TELEGRAM) if member.is_linked else (Way.EMAIL,)
    with scoped_transaction():
        key = f"test:{uuid.uuid4()}"
        publish([_message(membership.organization_id, member, way, payload, key=key) for way in ways])
    return ways


def _message(
    organization_id: uuid.UUID, member: Recipient, way: Way, payload: Mapping[str, object], *, key: str
) -> NewMessage:
    if way is Way.EMAIL:
        topic, bot_id = NOTICE_EMAIL, None
        sent: Mapping[str, object] = {"membership_id": str(member.membership.pk), **payload}
    else:
        assert member.link is not None
        topic, bot_id = NOTICE_TELEGRAM, member.link.bot_id
        text = told_to(member.membership, payload).plain
        sent = {"telegram_user_id": member.link.telegram_user_id, "text": text}
    return NewMessage(
        topic=topic,
        key=f"notice:{key}:{way.value}",
        organization_id=organization_id,
        bot_id=bot_id,
        payload=sent,
        expires_at=timezone.now() + WORTH_FOR,
    )
