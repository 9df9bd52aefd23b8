"""What was chosen for whoever is inside when a version is published, as inbox rows: one for each run it is about."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bots.errors import Invalid
from bots.ids import uuid7
from bots.jobs import enqueue_on_commit
from bots.models import Channel
from bots.storable import clean_text, dump_json
from flows.engine.codec import dump_event
from flows.engine.compile import VersionKind
from flows.engine.events import Fate, StepChoice, VersionMoved
from flows.engine.limits import TELEGRAM_TEXT
from flows.models import FlowVersion, InboxSource, Run, RunStatus
from flows.runtime import inbox
from flows.runtime.runner import DRAIN_TASK, UPDATES_QUEUE
from flows.runtime.shards import shard_of

# So many rows are a few megabytes of one statement.
BATCH: Final = 5_000
MOST_CHOICES: Final = 1_000


def checked_choices(choices: Mapping[str, StepChoice], definition: Mapping[str, object]) -> dict[str, StepChoice]:
    """The choices as they will be carried out. Raises Invalid, naming the step, for one that cannot be."""
    if len(choices) > MOST_CHOICES:
        raise Invalid("too_many_choices", _("There are more choices than a flow has steps."), field="choices")
    steps = definition.get("flow_steps")
    known = {step.get("id") for step in steps if isinstance(step, Mapping)} if isinstance(steps, list) else set()
    return {step_id: _checked(step_id, choice, known) for step_id, choice in choices.items()}


def move_people(version: FlowVersion, choices: Mapping[str, StepChoice]) -> int:
    """Writes a row for each run that waits at a step with a choice, in any older version; answers how many.

    In the transaction that publishes, so that choices exist exactly if their version does. A constant number of
    statements for every few thousand people; each run is moved by the drain, under its conversation's lock, once.
    """
    if not choices or version.flow_id is None:
        return 0
    waiting = Run.objects.filter(
        version__flow_id=version.flow_id,
        version__kind=VersionKind.PUBLISHED.value,
        status=RunStatus.ACTIVE,
        contact__channel=Channel.TELEGRAM,
        step_id__in=list(choices),
    ).exclude(version=version)
    people: list[tuple[UUID, int]] = list(waiting.order_by("pk").values_list("pk", "contact__telegram_user_id"))
    event = VersionMoved(version.pk, version.number or 0, dict(choices))
    payload = dump_json(dump_event(event)).encode()
    for first in range(0, len(people), BATCH):
        inbox.insert_inbox_rows([_row(version, *one) for one in people[first : first + BATCH]], payload)
    for shard in sorted({shard_of(version.bot_id, user_id) for _run_id, user_id in people}):
        enqueue_on_commit(DRAIN_TASK, queue=UPDATES_QUEUE, args=(shard,), coalesce_key=f"{DRAIN_TASK}:{shard}")
    return len(people)


def _row(version: FlowVersion, run_id: UUID, telegram_user_id: int) -> dict[str, object]:
    return {
        "id": str(uuid7()),
        "organization_id": str(version.organization_id),
        "bot_id": str(version.bot_id),
        "telegram_user_id": telegram_user_id,
        "run_id": str(run_id),
        "shard": shard_of(version.bot_id, telegram_user_id),
        "source": InboxSource.OPERATOR.value,
        "external_id": f"version:{version.pk}:{run_id}",
    }


def _checked(step_id: str, choice: StepChoice, known: set[object]) -> StepChoice:
    match choice.fate:
        case Fate.MOVE:
            if choice.step_id not in known:
                raise Invalid(
                    "no_such_step",
                    _("Choose a step of the new version for whoever waits at “%(step)s”.") % {"step": step_id},
                    field="choices",
                )
            return StepChoice(Fate.MOVE, step_id=choice.step_id)
        case Fate.CARRY:
            return StepChoice(Fate.CARRY)
        case Fate.END:
            message = clean_text(choice.message or "").strip()
            if len(message) > TELEGRAM_TEXT:
                raise Invalid("message_too_long", _("The message is longer than Telegram takes."), field="choices")
            return StepChoice(Fate.END, message=message or None)
