"""What a new flow may begin as: complete flows with their test conversations, in both languages."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as now_translated
from django.utils.translation import gettext_lazy as _

from bots.errors import Text
from bots.models import User
from flows.engine.definition import SPEC_VERSION
from flows.engine.texts import PORTUGUESE, language_of
from flows.models.flow import language
from flows.services.conversation_tests import create_test
from flows.services.definitions import CheckedDraft, create_flow

FOLDER: Final = Path(__file__).parent.parent / "starters"


class StarterCode(StrEnum):
    """The name under which a starter is asked for."""

    VIP_GROUP = "vip_group"
    EBOOK = "ebook"
    QUALIFIED_LEAD = "qualified_lead"
    BLANK = "blank"


@dataclass(frozen=True, slots=True)
class Starter:
    """One of them, described. `fill_in`: what must be put in before anybody may see it."""

    code: StarterCode
    name: Text
    description: Text
    fill_in: tuple[Text, ...] = ()


STARTERS: Final[Mapping[StarterCode, Starter]] = {
    starter.code: starter
    for starter in (
        Starter(
            StarterCode.VIP_GROUP,
            _("VIP group by PIX"),
            _(
                "Shows the offer, asks the e-mail, charges by PIX and delivers the access. "
                "Who does not pay is reminded."
            ),
            (_("what the group offers, and its price"), _("the link of the group, in both payments")),
        ),
        Starter(
            StarterCode.EBOOK,
            _("E-book with an extra offer"),
            _(
                "Sells an e-book with spreadsheets beside it, checks e-mail and CPF, delivers, and offers a mentoring "
                "afterwards. Who ignores the second offer keeps the first."
            ),
            (
                _("the e-book and its price"),
                _("the links of the files"),
                _("the amount from which the spreadsheets are delivered"),
                _("the second offer, or remove it"),
            ),
        ),
        Starter(
            StarterCode.QUALIFIED_LEAD,
            _("Qualified lead, then a person"),
            _(
                "Asks name, phone, urgency and budget, marks the lead, and calls your team for whoever is worth it; "
                "the others get a guide and are asked again."
            ),
            (_("the budget from which your team is called"), _("the link of the guide"), _("your opening hours")),
        ),
        Starter(StarterCode.BLANK, _("Blank"), _("One message, for whoever likes to build from the ground.")),
    )
}


def starter_definition(code: StarterCode, locale: str | None = None) -> dict[str, Any]:
    """A fresh copy of the definition, in the language of the request unless said otherwise."""
    if code is StarterCode.BLANK:
        return _blank()
    definition: dict[str, Any] = json.loads(_text(f"{code}.{_language(locale)}.json"))
    return definition


def starter_tests(code: StarterCode, locale: str | None = None) -> list[dict[str, Any]]:
    """The test conversations that come with it."""
    if code is StarterCode.BLANK:
        return []
    tests: list[dict[str, Any]] = json.loads(_text(f"{code}.tests.{_language(locale)}.json"))
    return tests


def create_from_starter(
    code: StarterCode, *, bot_id: UUID, name: str, created_by: User | None = None, locale: str | None = None
) -> CheckedDraft:
    """A flow that begins as the starter, with its test conversations. Raises as `create_flow`."""
    with transaction.atomic():
        made = create_flow(bot_id=bot_id, name=name, definition=starter_definition(code, locale))
        for test in starter_tests(code, locale):
            create_test(made.flow.pk, document=test, created_by=created_by)
    return made


def _language(locale: str | None) -> str:
    return language_of(locale or language(), PORTUGUESE)


@cache
def _text(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _blank() -> dict[str, Any]:
    return {
        "spec_version": SPEC_VERSION,
        "flow_enabled": True,
        "flow_start_step_id": "welcome",
        "flow_steps": [
            {
                "id": "welcome",
                "type": "access",
                "position": {"x": 0, "y": 0},
                "config": {"text": now_translated("Hello, {{first_name}}!")},
            }
        ],
    }
