"""The `http` step's call: within its organization's share, behind a breaker, read for what the step keeps."""

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import orjson

from bots.breaker import Breaker, BreakerOpen
from bots.outgoing import OutgoingAnswer, OutgoingCall, OutgoingError, call
from flows.engine.effects import CallHttp
from flows.engine.events import HttpOutcome
from flows.engine.json_paths import MISSING, parse_path, value_at

IDEMPOTENCY_HEADER: Final = "Idempotency-Key"
# Tells the other system that a member is only trying the flow out.
TEST_HEADER: Final = "Trilho-Test"
# Of the messages one process has under way, so many may wait for other systems, and so many for one organization's.
IN_FLIGHT: Final = 60
IN_FLIGHT_OF_ONE: Final = 10
# A host that failed so often in a row is not asked again for a while, by this organization's runs.
FAILURES: Final = 10
COOL_DOWN: Final = 30.0
_MOST_BREAKERS: Final = 2_000
_ANSWERED: Final = range(200, 300)
_BROKEN: Final = 500
_DEAD: Final = frozenset({HttpOutcome.TIMEOUT, HttpOutcome.UNREACHABLE, HttpOutcome.CONNECTION_LOST})


@dataclass(frozen=True, slots=True)
class HttpResult:
    """What came of one call. `is_final`: asking again would bring nothing else, or might do the same thing twice."""

    outcome: HttpOutcome
    status: int | None
    values: Mapping[str, object]
    milliseconds: int
    is_final: bool


class NoRoom(Exception):
    """The organization's share, or everybody's, is taken: to be asked again in a moment."""


class _Down(Exception):
    """What the breaker counts: no answer, or one that tells of an error over there."""

    def __init__(self, what: OutgoingError | OutgoingAnswer) -> None:
        super().__init__()
        self.what = what


async def ask(effect: CallHttp, *, organization_id: UUID, key: str, is_test: bool) -> HttpResult:
    """Make the call once. `key` is the same for every attempt at the same call. Raises NoRoom, and nothing else."""
    headers = {**effect.headers, IDEMPOTENCY_HEADER: key, **({TEST_HEADER: "true"} if is_test else {})}
    body = effect.body.encode(errors="replace") if effect.body is not None else None
    request = OutgoingCall(effect.method, effect.url, headers, body, effect.timeout_seconds)
    began = time.monotonic()
    status: int | None = None
    values: Mapping[str, object] = {}
    is_final = True
    with _shares.one(organization_id):
        try:
            answer = await _behind_breaker(request, organization_id)
        except BreakerOpen:
            outcome = HttpOutcome.HELD_OFF
        except OutgoingError as error:
            outcome = HttpOutcome(error.code)
            is_final = outcome is HttpOutcome.ADDRESS_REFUSED or (error.may_have_arrived and not effect.repeatable)
        else:
            status = answer.status
            outcome, values = _read(answer, effect.save)
            is_final = status < _BROKEN or not effect.repeatable
    return HttpResult(outcome, status, values, round((time.monotonic() - began) * 1000), is_final)


async def _behind_breaker(request: OutgoingCall, organization_id: UUID) -> OutgoingAnswer:
    try:
        with _breakers.of(organization_id, request.url):
            try:
                answer = await call(request)
            except OutgoingError as error:
                if error.code in _DEAD:
                    raise _Down(error) from None
                raise
            if answer.status >= _BROKEN:
                raise _Down(answer)
            return answer
    except _Down as down:
        if isinstance(down.what, OutgoingError):
            raise down.what from None
        return down.what


def _read(answer: OutgoingAnswer, save: Mapping[str, str]) -> tuple[HttpOutcome, dict[str, object]]:
    if answer.status not in _ANSWERED:
        return HttpOutcome.STATUS, {}
    if not save:
        return HttpOutcome.OK, {}
    try:
        data = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return HttpOutcome.UNREADABLE, {}
    found = {name: value_at(data, parse_path(path) or ()) for name, path in save.items()}
    return HttpOutcome.OK, {name: value for name, value in found.items() if value is not MISSING}


class _Shares:
    """The calls under way in this process: one organization's slow systems keep nobody else waiting."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: Counter[UUID] = Counter()

    @contextmanager
    def one(self, organization_id: UUID) -> Iterator[None]:
        with self._lock:
            if self._taken[organization_id] >= IN_FLIGHT_OF_ONE or self._taken.total() >= IN_FLIGHT:
                raise NoRoom
            self._taken[organization_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken[organization_id] -= 1
                if not self._taken[organization_id]:
                    del self._taken[organization_id]


class _Breakers:
    """One for each organization and host: whoever calls a dead system feels it, and nobody else does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[tuple[UUID, str], Breaker] = OrderedDict()

    def of(self, organization_id: UUID, url: str) -> Breaker:
        key = (organization_id, _host_of(url))
        with self._lock:
            breaker = self._found.pop(key, None)
            if breaker is None:
                breaker = Breaker("http", failures=FAILURES, cool_down=COOL_DOWN, counts=(_Down,))
            self._found[key] = breaker
            while len(self._found) > _MOST_BREAKERS:
                self._found.popitem(last=False)
            return breaker


def _host_of(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


_shares = _Shares()
_breakers = _Breakers()
