"""Runs: who is where, what happened, what was said."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from bots import selectors as bot_selectors
from bots.permissions import Permission
from bots.web.filters import chosen_uuid
from bots.web.looks import Look
from bots.web.member import MemberRequest, member_page
from flows import selectors
from flows.engine.effects import ParseMode, TimelineKind
from flows.models import Direction, Message, Run, RunStatus, TimelineEntry
from flows.web.looks import OWES, RUN_STATUS, timeline_look
from flows.web.steps import ShownStep, definition_of, shown_step, way_to
from flows.web.telegram_html import safe_html
from flows.web.timeline_notes import note_of

PER_PAGE = 30
STEP_KINDS = frozenset({TimelineKind.ENTERED, TimelineKind.LEFT})


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for."""

    query: str
    status: str
    bot: UUID | None

    @property
    def is_set(self) -> bool:
        return bool(self.query or self.status or self.bot)


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run in the list."""

    run: Run
    name: str
    flow_name: str
    step: str
    look: Look
    at: datetime
    owes_look: Look = OWES


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """One thing that happened."""

    look: Look
    at: datetime
    step: ShownStep | None
    note: str
    is_step: bool


@dataclass(frozen=True, slots=True)
class TranscriptLine:
    """One thing that was said."""

    text: SafeString
    at: datetime
    is_theirs: bool


@member_page(Permission.CONVERSATION_VIEW)
def conversation_list(request: MemberRequest) -> HttpResponseBase:
    """Newest first; search and filters stay in the address."""
    status = request.GET.get("estado", "")
    filters = Filters(
        query=request.GET.get("busca", "").strip(),
        status=status if status in RunStatus.values else "",
        bot=chosen_uuid(request.GET.get("bot")),
    )
    found = selectors.runs_of(query=filters.query, status=filters.status, bot_id=filters.bot)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("pagina"))
    context = {
        "rows": [_row(run) for run in page.object_list],
        "page": page,
        "filters": filters,
        "statuses": [(value, RUN_STATUS[value].label) for value in RunStatus.values],
        "bots": list(bot_selectors.bots_of()),
    }
    return render(request, "flows/conversation_list.html", context)


@member_page(Permission.CONVERSATION_VIEW)
def conversation_detail(request: MemberRequest, run_id: UUID) -> HttpResponseBase:
    """One run: its timeline beside its transcript."""
    run = selectors.run_with_everything(run_id)
    if run is None:
        raise Http404
    context = {
        "run": run,
        "name": str(run.contact),
        "flow_name": _flow_name(run),
        "look": RUN_STATUS[run.status],
        "owes_look": OWES,
        "lines": [_line(run, entry) for entry in selectors.timeline_of_run(run_id)],
        "transcript": [_said(message) for message in selectors.transcript_of(run.conversation_id)],
    }
    return render(request, "flows/conversation_detail.html", context)


def _row(run: Run) -> RunRow:
    return RunRow(
        run=run,
        name=str(run.contact),
        flow_name=_flow_name(run),
        step=way_to(run.step_id, run.inside, run.inner_step),  # type: ignore[attr-defined]
        look=RUN_STATUS[run.status],
        at=run.ended_at or run.entered_at or run.started_at,
    )


def _line(run: Run, entry: TimelineEntry) -> TimelineLine:
    definition, subflow = definition_of(run.version, entry.data.get("subflow"))
    return TimelineLine(
        look=timeline_look(entry.kind),
        at=entry.at,
        step=shown_step(definition, entry.step_id, within=subflow),
        note=note_of(entry, definition),
        is_step=entry.kind in STEP_KINDS and entry.step_id is not None,
    )


def _said(message: Message) -> TranscriptLine:
    """What the bot said may hold its own markup; what a person wrote is shown as it stands."""
    marked_up = (message.payload.get("message") or {}).get("parse_mode") == ParseMode.HTML
    text = safe_html(message.text) if marked_up else escape(message.text)
    return TranscriptLine(text=text, at=message.at, is_theirs=message.direction == Direction.IN)


def _flow_name(run: Run) -> str:
    return run.flow.name if run.flow else _("Welcome")
