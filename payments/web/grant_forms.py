"""The form of an access given by hand, and how a person of ours is named."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from bots.errors import DomainError, Invalid
from bots.models import Bot, Channel, ConnectedChat, Contact
from bots.storable import clean_text
from flows.engine.content import AccessMode
from payments.selectors import GivenContent

OTHER = ""


class GiveForm(forms.Form):
    """To whom, what, until when, why."""

    person = forms.CharField(
        label=_("Person"), max_length=80, help_text=_("@username or Telegram id of somebody who talks with your bots.")
    )
    bot = forms.ChoiceField(label=_("By which bot they are told"), required=False)
    known = forms.ChoiceField(label=_("What"), required=False)
    text = forms.CharField(
        label=_("Another content: its text"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
    )
    link = forms.URLField(
        label=_("Its link"), required=False, max_length=1000, assume_scheme="https", help_text=_("Optional.")
    )
    days = forms.IntegerField(
        label=_("For how many days"), required=False, min_value=1, max_value=3650, help_text=_("Empty: without end.")
    )
    reason = forms.CharField(label=_("Why"), max_length=300, help_text=_("For your team: it stays in the audit trail."))
    tell = forms.BooleanField(label=_("Say it in the chat"), required=False, initial=True)

    def __init__(
        self,
        known: Sequence[GivenContent],
        bots: Sequence[Bot],
        data: Any = None,
        *,
        chats: Iterable[ConnectedChat] = (),
        initial: Mapping[str, Any],
    ) -> None:
        super().__init__(data, initial=dict(initial))
        self._known = {one.key: one.content for one in known}
        known = list(known)
        for chat in chats:
            # What was given before comes with its own words.
            place = f"chat:{chat.pk}"
            if place not in self._known:
                self._known[place] = {"chat": str(chat.pk), "mode": AccessMode.JOIN_REQUEST.value}
                known.append(GivenContent(place, _("A place in %(chat)s") % {"chat": chat}, self._known[place]))
        kept: Any = self.fields["known"]
        kept.choices = [*((one.key, one.title) for one in known), (OTHER, _("Another content"))]
        by: Any = self.fields["bot"]
        by.choices = [("", _("The bot they talked with last")), *((str(bot.pk), bot.name) for bot in bots)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("person"):
            bot = cleaned.get("bot")
            try:
                cleaned["contact"] = found_contact(cleaned["person"], bot_id=UUID(bot) if bot else None)
            except DomainError as error:
                self.add_error("person", str(error.message))
        return cleaned

    @property
    def content(self) -> Mapping[str, Any]:
        """What the access opens."""
        if self.cleaned_data["known"] != OTHER:
            # How long it lasts is said beside it.
            return self._known[self.cleaned_data["known"]]
        named = {"text": self.cleaned_data["text"], "link": self.cleaned_data["link"]}
        return {name: value for name, value in named.items() if value}


def found_contact(named: str, *, bot_id: UUID | None) -> Contact:
    """A contact of the active organization by @username or Telegram id, rather of this bot than of another. Raises
    Invalid for nobody."""
    text = clean_text(named).strip().removeprefix("@")
    found = Contact.objects.filter(channel=Channel.TELEGRAM).order_by("-updated_at", "-id")
    by_id = text.isascii() and text.isdigit() and len(text) <= 18
    found = found.filter(telegram_user_id=int(text)) if by_id else found.filter(username__iexact=text)
    people = list(found[:50]) if text else []
    contact = next((one for one in people if one.bot_id == bot_id), people[0] if people else None)
    if contact is None:
        raise Invalid("contact_unknown", _("Nobody of that name or id has talked with your bots yet."), field="person")
    return contact
