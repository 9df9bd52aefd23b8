"""Runs: who is where, what happened, what was said."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.core.paginator import Paginator
from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.utils.html import escape, strip_tags
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from bots import selectors as bot_selectors
from bots.permissions import Permission
from bots.web.filters import chosen_uuid
from bots.web.looks import Look
from bots.web.member import MemberRequest, allowed, member_page
from flows import selectors
from flows.causes import cause_of
from flows.engine.effects import ParseMode, TimelineKind
from flows.engine.steps.handoff import PARKED as HANDOFF
from flows.models import Direction, KeptAnswer, Message, Run, RunStatus, TimelineEntry
from flows.services.answering import BY_TEAM
from flows.services.runs import OVER
from flows.standing_still import MOST_COUNTED, count_standing
from flows.web.looks import MEDIA_ICONS, OWES, RUN_STATUS, UNREAD, timeline_look
from flows.web.steps import ShownStep, definition_of, shown_step, step_of, steps_of, way_to
from flows.web.telegram_html import safe_html
from flows.web.timeline_notes import note_of

PER_PAGE = 30
KEPT_SHOWN = 50
QUESTION_LENGTH = 120
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
    is_erased: bool = False
    is_teams: bool = False
    icon: str = ""


@dataclass(frozen=True, slots=True)
class KeptLine:
    """One answer that is kept for a purpose or for a time: what was asked, why, until when. Never the answer."""

    question: str
    purpose: str
    answered_at: datetime
    due_at: datetime | None
    erased_at: datetime | None


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
        "standing": count_standing(),
        "most_counted": MOST_COUNTED,
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
        "kept": [_kept(run, answer) for answer in selectors.kept_answers_of(run.conversation_id)[:KEPT_SHOWN]],
        "cause": cause_of(run.parked or run.failure) if run.parked or run.failure else "",
        "note_for_team": _note_for_team(run),
        "unread_look": UNREAD,
        "steps": steps_of(run.version.definition),
        "may_act": allowed(request, Permission.CONVERSATION_ANSWER),
        "is_over": run.status in OVER,
        "key": uuid4().hex,
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


def _kept(run: Run, answer: KeptAnswer) -> KeptLine:
    """The question in its own words where this run's version has it, else by its step."""
    step = step_of(run.version.definition, answer.step_id) or {}
    text = str((step.get("config") or {}).get("text") or "") if answer.run_id == run.pk else ""
    return KeptLine(
        question=Truncator(strip_tags(text)).chars(QUESTION_LENGTH) or answer.step_id,
        purpose=answer.purpose,
        answered_at=answer.answered_at,
        due_at=answer.due_at,
        erased_at=answer.erased_at,
    )


def _said(message: Message) -> TranscriptLine:
    """What the bot said may hold its own markup; what a person wrote is shown as it stands."""
    marked_up = (message.payload.get("message") or {}).get("parse_mode") == ParseMode.HTML
    text = safe_html(message.text) if marked_up else escape(message.text)
    return TranscriptLine(
        text=text,
        at=message.at,
        is_theirs=message.direction == Direction.IN,
        is_erased=bool(message.payload.get("erased")),
        is_teams=message.payload.get(BY_TEAM) is True,
        icon=_icon_of(message),
    )


def _note_for_team(run: Run) -> str:
    """What the handoff where the run waits says to the team."""
    if run.parked != HANDOFF:
        return ""
    frames, step_id = run.state.get("frames") or [], run.state.get("step_id")
    definition, _name = definition_of(run.version, frames[-1]["version_id"] if frames else None)
    step = step_of(definition, step_id) or {}
    return str((step.get("config") or {}).get("note") or "")


def _icon_of(message: Message) -> str:
    """What a line carried besides its words; empty for words alone."""
    media = (message.payload.get("message") or {}).get("media") or {}
    kind = media.get("type") or message.payload.get("kind")
    return MEDIA_ICONS.get(kind, "")


def _flow_name(run: Run) -> str:
    return run.flow.name if run.flow else _("Welcome")
