"""`http`: asks another system, keeps what it answers, and goes on."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, Strict, WithJsonSchema
from pydantic_core import PydanticCustomError

from flows.engine import limits
from flows.engine.effects import ArmTimer, AttentionReason, CallHttp, TimelineKind, VoidTimers
from flows.engine.events import Answered, HttpAnswered, HttpOutcome, TimerFired, TimerKind
from flows.engine.expressions import Escape, escape_json, escape_nothing, escape_url, only_variable_in
from flows.engine.fields import Finite, Flag, NotBlank, Part, VariableName
from flows.engine.json_paths import parse_path
from flows.engine.steps.behaviour import Behaviour, StepEvent
from flows.engine.steps.model import StepBase, StepType, Write
from flows.engine.variables import remember
from flows.engine.walk import STAY, Go, Move, Walk, later

_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}", re.ASCII)
# Ours to say: who is called, how long the body is, and by which key a repetition is known.
_OUR_HEADERS: Final = frozenset(
    {
        *("host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect"),
        *("keep-alive", "proxy-authorization", "accept-encoding", "idempotency-key", "trilho-test"),
    }
)
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]+")
_JSON: Final = "application/json"
# After so long no answer comes any more: every attempt has ended, and its worker is dead.
ANSWER_WITHIN: Final = timedelta(minutes=2)


class HttpMethod(StrEnum):
    GET = "GET"
    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"


# What may be asked again where nobody knows whether it arrived (RFC 9110, 9.2.2).
_REPEATABLE: Final = frozenset({HttpMethod.GET, HttpMethod.PUT, HttpMethod.DELETE})


def _header_name(name: str) -> str:
    if not _HEADER_NAME.fullmatch(name) or name.lower() in _OUR_HEADERS:
        raise PydanticCustomError("header_name", "is not a header that can be set")
    return name


def _header_value(value: str) -> str:
    if _CONTROLS.search(value):
        raise PydanticCustomError("header_value", "has a line break")
    return value


def _json_path(text: str) -> str:
    if parse_path(text) is None:
        raise PydanticCustomError("json_path", "is not a path")
    return text


def _body(value: object) -> object:
    """Told in one sentence, not once per member of a union."""
    if value is not None and not isinstance(value, (str, dict, list)):
        raise PydanticCustomError("json_body", "must be an object, a list or a text")
    return value


HeaderName = Annotated[
    str,
    Strict(),
    AfterValidator(_header_name),
    WithJsonSchema({"type": "string", "pattern": f"^{_HEADER_NAME.pattern}$"}),
]
HeaderValue = Annotated[str, Strict(), Field(max_length=limits.MAX_HEADER), AfterValidator(_header_value)]
SavedPath = Annotated[str, Strict(), Field(max_length=limits.MAX_JSON_PATH), AfterValidator(_json_path)]
Body = Annotated[
    Any,
    BeforeValidator(_body),
    WithJsonSchema({"anyOf": [{"type": "object"}, {"type": "array"}, {"type": "string"}, {"type": "null"}]}),
]


class HttpConfig(Part):
    """What is asked, and what of the answer is kept."""

    method: HttpMethod = Field(description="GET asks; POST and PATCH may do something and are not repeated blindly.")
    url: NotBlank = Field(
        description="http:// or https://, a public address on its usual port; variables after the host."
    )
    headers: Annotated[dict[HeaderName, HeaderValue], Field(max_length=limits.MAX_HEADERS)] = Field(
        default={}, description="Variables may stand in the values. `Idempotency-Key` is always sent."
    )
    body: Body = Field(
        default=None,
        description="An object or a list is sent as JSON, with the variables in its texts; a text is sent as it is.",
    )
    save: Annotated[dict[VariableName, SavedPath], Field(max_length=limits.MAX_SAVED)] = Field(
        default={}, description="Which variable takes which value of the JSON answer: `data.items[0].price`."
    )
    timeout_seconds: Annotated[Finite, Field(gt=0, le=limits.MAX_HTTP_SECONDS)] = Field(
        default=limits.MAX_HTTP_SECONDS, description="How long the answer may take."
    )
    safe_to_repeat: Flag = Field(
        default=False, description="Whether the call may be made again where nobody knows if it arrived."
    )


class HttpStep(StepBase):
    """Calls a URL and waits for its answer: `next` with it, `retry` without."""

    outcomes: ClassVar[frozenset[str]] = frozenset({"next", "retry"})

    type: Literal[StepType.HTTP] = StepType.HTTP
    config: HttpConfig

    @property
    def waits(self) -> bool:
        # For a machine: a circle through it would turn by itself.
        return False

    def writes(self) -> tuple[Write, ...]:
        return tuple(Write(name, f"config.save.{name}") for name in self.config.save)


class HttpBehaviour(Behaviour[HttpStep]):
    """Has the call made and waits for its answer alone; what is written meanwhile is for the team."""

    def enter(self, walk: Walk, step: HttpStep) -> Move:
        request = _request(walk, step)
        if request is None:
            return _failed(walk, step, HttpOutcome.UNSENDABLE)
        walk.emit(request)
        walk.emit(ArmTimer(TimerKind.ANSWER, later(walk.now, ANSWER_WITHIN), walk.state.wait))
        return STAY

    def accepts(self, walk: Walk, step: HttpStep, event: StepEvent) -> bool:
        match event:
            case Answered() | HttpAnswered():
                return True
            case TimerFired(kind=kind):
                return kind is TimerKind.ANSWER
            case _:
                return False

    def resume(self, walk: Walk, step: HttpStep, event: StepEvent) -> Move:
        match event:
            case Answered():
                walk.attention(AttentionReason.TEXT_WHILE_WAITING)
                return STAY
            case HttpAnswered():
                return _answered(walk, step, event)
            case _:
                return _failed(walk, step, HttpOutcome.NO_ANSWER)


def _answered(walk: Walk, step: HttpStep, event: HttpAnswered) -> Move:
    if event.outcome is not HttpOutcome.OK:
        return _failed(walk, step, event.outcome, status=event.status, milliseconds=event.milliseconds)
    missing = [name for name in step.config.save if name not in event.values]
    walk.record(
        TimelineKind.HTTP_ANSWERED, status=event.status, milliseconds=event.milliseconds, missing=missing or None
    )
    # What the answer does not have is forgotten: an older value would be taken for this one.
    remember(walk, {name: event.values.get(name) for name in step.config.save})
    if step.connections.next:
        return Go(step.connections.next)
    return _stand(walk, "no_way_on")


def _failed(
    walk: Walk, step: HttpStep, outcome: HttpOutcome, *, status: int | None = None, milliseconds: int | None = None
) -> Move:
    """By `retry`; without it the run stands where it is, and the team is told."""
    walk.record(TimelineKind.HTTP_FAILED, code=str(outcome), status=status, milliseconds=milliseconds)
    if step.connections.retry:
        return Go(step.connections.retry)
    return _stand(walk, "http_failed")


def _stand(walk: Walk, reason: str) -> Move:
    walk.park(reason)
    walk.attention(AttentionReason.HTTP_FAILED)
    # Nothing is waited for any more.
    walk.emit(VoidTimers(TimerKind.ANSWER))
    return STAY


def _request(walk: Walk, step: HttpStep) -> CallHttp | None:
    """The call with its variables filled in, each escaped for where it lands; None where it is larger than is sent."""
    config = step.config
    headers = {name: _one_line(walk.text(value, html=False)) for name, value in config.headers.items()}
    content_type = next((value for name, value in headers.items() if name.lower() == "content-type"), None)
    url, body = walk.url(config.url.strip()), None
    if config.body is not None and config.method is not HttpMethod.GET:
        if isinstance(config.body, str):
            content_type = content_type or "text/plain; charset=utf-8"
            body = walk.escaped(config.body, _escape_for(content_type))
        else:
            content_type = content_type or _JSON
            body = json.dumps(_filled(walk, config.body), ensure_ascii=False, allow_nan=False, default=str)
        headers = {name: value for name, value in headers.items() if name.lower() != "content-type"}
        headers["Content-Type"] = content_type
    if len(url) > limits.MAX_URL or len(body or "") > limits.MAX_HTTP_BODY:
        return None
    return CallHttp(
        wait=walk.state.wait,
        step_id=step.id,
        method=str(config.method),
        url=url,
        headers=headers,
        body=body,
        timeout_seconds=config.timeout_seconds,
        repeatable=config.safe_to_repeat or config.method in _REPEATABLE,
        save=config.save,
    )


def _one_line(value: str) -> str:
    """A header's value: what a contact wrote begins no header of its own."""
    return _CONTROLS.sub(" ", value).strip()[: limits.MAX_HEADER]


def _escape_for(content_type: str) -> Escape:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == _JSON or kind.endswith("+json"):
        return escape_json
    return escape_url if kind == "application/x-www-form-urlencoded" else escape_nothing


def _filled(walk: Walk, value: object) -> object:
    """JSON with the variables in its texts; a text that is one variable and nothing else keeps its type."""
    match value:
        case str():
            name = only_variable_in(value)
            known: Mapping[str, object] = walk.variables() if name is not None else {}
            return known[name] if name is not None and name in known else walk.text(value, html=False)
        case dict():
            return {name: _filled(walk, one) for name, one in value.items()}
        case list() | tuple():
            return [_filled(walk, one) for one in value]
        case _:
            return value
