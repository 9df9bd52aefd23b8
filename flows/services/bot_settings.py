"""What an owner sets on a bot: its texts and buttons, whether its flow is on, and which flow that is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from bots.errors import Invalid
from bots.models import Bot
from bots.models.bot import FLOW_FIELDS
from bots.services import SYSTEM, Actor, AnyActor, record_audit
from bots.services.menu import publish_menu
from bots.storable import clean_text
from flows.engine.problems import has_errors
from flows.models import Flow, FlowVersion
from flows.services.bot_texts import merged_texts
from flows.services.definitions import problems_of_bot
from flows.services.locking import lock_bot, lock_flows_of_bot
from flows.services.publishing import latest_version, make_version

NAME_LENGTH: Final = 100
SUPPORT_LENGTH: Final = 200


class Keep:
    """Stands for "leave this as it is", where None means "none"."""


KEEP: Final = Keep()


@dataclass(frozen=True, slots=True)
class BotChanges:
    """What to change; a field that is not given stays. `active_flow` is the id of a published flow of this bot; `texts`
    are built-in texts in the bot's own words, `{code: {language: text}}`, where a blank one goes back to ours."""

    name: str | Keep = KEEP
    welcome_message: str | Keep = KEEP
    main_buttons: list[Any] | Keep = KEEP
    redirect_buttons: list[Any] | Keep = KEEP
    flow_enabled: bool | Keep = KEEP
    active_flow: UUID | Keep | None = KEEP
    support_contact: str | Keep = KEEP
    texts: Mapping[str, Any] | Keep = KEEP

    def of_the_bot(self) -> dict[str, Any]:
        """The changed columns of the bot itself."""
        columns = ("name", *FLOW_FIELDS, "flow_enabled", "support_contact", "texts")
        return {name: value for name in columns if (value := getattr(self, name)) is not KEEP}


def change_bot(bot_id: UUID, changes: BotChanges, *, actor: AnyActor = SYSTEM) -> Bot:
    """Writes all changes, or none. A version of the active flow holds a copy of the bot's buttons, so a change of
    theirs, or activating a flow published before it, publishes a new version with the same steps. The platform is told
    the commands anew.

    Raises Invalid with the problems if that version would have an error, or for a flow that cannot be active.
    Locks the bot's flows, then the bot.
    """
    with transaction.atomic():
        flows = lock_flows_of_bot(bot_id)
        bot = lock_bot(bot_id)
        columns = _checked(changes.of_the_bot(), bot)
        changed = [name for name, value in columns.items() if getattr(bot, name) != value]
        for name, value in columns.items():
            setattr(bot, name, value)
        if any(name in columns for name in FLOW_FIELDS):
            # Before the save: the database cannot hold everything that can be sent.
            _refuse_bad_buttons(bot)
        if columns:
            bot.save(update_fields=list(columns))
        if not isinstance(changes.active_flow, Keep) and _activate(flows, changes.active_flow, actor):
            changed.append("active_flow")
        active = next((flow for flow in flows if flow.active), None)
        if active is not None:
            _publish_if_outdated(active, bot, actor)
        publish_menu(bot)
        if changed:
            record_audit(bot, "bot.changed", actor=actor, data={"fields": changed})
    return bot


def activate_flow(flow: Flow, *, actor: AnyActor = SYSTEM) -> Bot:
    """Make a published flow the one its bot runs, and turn the bot's flow on."""
    return change_bot(flow.bot_id, BotChanges(active_flow=flow.pk, flow_enabled=True), actor=actor)


def _checked(columns: dict[str, Any], bot: Bot) -> dict[str, Any]:
    if "name" in columns:
        columns["name"] = columns["name"].strip()
        if not 1 <= len(columns["name"]) <= NAME_LENGTH:
            raise Invalid(
                "bot_name", _("Give the bot a name of 1 to %(most)d characters.") % {"most": NAME_LENGTH}, field="name"
            )
    if "support_contact" in columns:
        columns["support_contact"] = clean_text(columns["support_contact"]).strip()
        if len(columns["support_contact"]) > SUPPORT_LENGTH:
            raise Invalid(
                "support_contact",
                _("Up to %(most)d characters fit here.") % {"most": SUPPORT_LENGTH},
                field="support_contact",
            )
    if "texts" in columns:
        columns["texts"] = merged_texts(bot.texts, columns["texts"])
    return columns


def _refuse_bad_buttons(bot: Bot) -> None:
    problems = problems_of_bot(bot)
    if has_errors(problems):
        raise Invalid(
            "bot_invalid", _("The bot was not changed: its texts or buttons have problems."), problems=problems
        )


def _activate(flows: list[Flow], wanted: UUID | None, actor: AnyActor) -> bool:
    """Whether that made a difference."""
    chosen = next((flow for flow in flows if flow.pk == wanted), None)
    if wanted is not None and (chosen is None or latest_version(chosen) is None):
        raise Invalid(
            "flow_not_published",
            _("Only a published flow of this bot can be active. Publish it first."),
            field="active_flow",
        )
    # Off before on: the database allows one active flow per bot at any moment.
    switched = [flow for flow in sorted(flows, key=lambda flow: flow is chosen) if flow.active != (flow is chosen)]
    for flow in switched:
        flow.active = flow is chosen
        flow.save(update_fields=["active", "updated_at"])
        record_audit(flow, "flow.activated" if flow.active else "flow.deactivated", actor=actor)
    return bool(switched)


def _publish_if_outdated(flow: Flow, bot: Bot, actor: AnyActor) -> FlowVersion | None:
    version = latest_version(flow)
    if version is None or all(version.definition.get(name) == getattr(bot, name) for name in FLOW_FIELDS):
        return None
    note = str(_("The bot's texts or buttons changed."))
    by = Actor.of(actor).user
    return make_version(flow, bot, version.definition, embedded=version.embedded, created_by=by, note=note)
