"""Flows that leave and come in as one file: the draft with its saved test conversations."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from bots.errors import Invalid
from bots.models import User
from bots.services import SYSTEM, AnyActor
from flows.models import Flow
from flows.services.conversation_tests import copy_tests
from flows.services.definitions import CheckedDraft, completed, create_flow, require_flow
from flows.services.playing import tests_of

FORMAT: Final = "trilho.flow"
FORMAT_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Imported:
    """The new flow with what is wrong with its draft; how many of its tests came along, and how many could not."""

    checked: CheckedDraft
    tests: int
    left_out: int

    @property
    def flow(self) -> Flow:
        return self.checked.flow


def export_flow(flow_id: UUID) -> dict[str, Any]:
    """The draft, with its bot's welcome and buttons, and the saved tests. Uploaded files and other flows are named by
    their ids, which mean nothing in another organization: an import tells of each that it does not know."""
    flow = require_flow(flow_id)
    return {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "name": flow.name,
        "definition": completed(flow.draft, flow.bot),
        "tests": [test.document for test in tests_of(flow)],
    }


def import_flow(
    document: object,
    *,
    bot_id: UUID,
    name: str = "",
    actor: AnyActor = SYSTEM,
    created_by: User | None = None,
) -> Imported:
    """A new flow of what `export_flow` wrote, or of a bare definition; saved with whatever problems it has here. Tests
    that cannot be read are left out and counted.

    Raises Invalid for what is neither, for a newer format than this one, and as `create_flow`.
    """
    if not isinstance(document, Mapping):
        raise _unreadable()
    definition, tests = _parts(document)
    with transaction.atomic():
        called = name.strip() or str(document.get("name") or "").strip() or str(_("Imported flow"))
        checked = create_flow(bot_id=bot_id, name=called, definition=definition, actor=actor)
        made = copy_tests(tests, checked.flow, created_by=created_by)
    return Imported(checked, len(made), len(tests) - len(made))


def _parts(document: Mapping[str, Any]) -> tuple[Any, list[Any]]:
    if "flow_steps" in document:
        return document, []
    if document.get("format") != FORMAT:
        raise _unreadable()
    version = document.get("version")
    if type(version) is not int or version > FORMAT_VERSION:
        raise Invalid("import_too_new", _("This file was written by a newer version of this system."), field="document")
    tests = document.get("tests")
    return document.get("definition"), tests if isinstance(tests, list) else []


def _unreadable() -> Invalid:
    return Invalid(
        "import_unreadable",
        _("This is no flow: choose a file that was exported here, or a flow definition."),
        field="document",
    )
