"""The versions of subflows that a version is published with."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flows.engine.compile import VersionKind
from flows.engine.embedded import Pin, embed, flows_named_in
from flows.models import FlowVersion


def embedded_for(definition: Mapping[str, Any], *, bot_id: UUID) -> dict[str, Any]:
    """What a version of this definition carries along: the newest published version of each flow of the bot that its
    steps run, with all that those were published with. What is no such flow is left out, for validation to name."""
    named = [flow_id for text in flows_named_in(definition) if (flow_id := _id(text)) is not None]
    if not named:
        return {}
    newest = (
        FlowVersion.objects.filter(
            bot_id=bot_id, flow_id__in=named, flow__deleted_at=None, kind=VersionKind.PUBLISHED.value
        )
        .select_related("flow")
        .order_by("flow_id", "-number")
        .distinct("flow_id")
    )
    return embed({str(version.flow_id): _pin(version) for version in newest})


def _pin(version: FlowVersion) -> Pin:
    assert version.flow is not None, "a published version has its flow"
    return Pin(
        version_id=version.pk,
        flow_id=str(version.flow_id),
        name=version.flow.name,
        number=version.number,
        definition=version.definition,
        embedded=version.embedded,
    )


def _id(text: str) -> UUID | None:
    # Only as we write ids: a flow is found again by its text.
    try:
        flow_id = UUID(text)
    except ValueError:
        return None
    return flow_id if str(flow_id) == text else None
