"""The part every fake gateway shares: an HTTP server, credentials, moods, and a record of what was asked of it."""

import json
import socket
import threading
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from payments.domain.gateway_names import GatewayName
from tests.support.fake_gateways.books import Entry, Notice

SECRET = "only-for-tests-key"


class Mood(StrEnum):
    """How the next calls go. `lost`: it is done, then the connection is cut; `cut`: it is cut, nothing done; `slow`: it
    is done, and no answer comes while the fake lives."""

    DOWN = "down"
    RUBBISH = "rubbish"
    LOST = "lost"
    CUT = "cut"
    SLOW = "slow"
    BUSY = "busy"


@dataclass(frozen=True)
class Call:
    """One call as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Takes:
    """What one call of an API may hold, field by field (`payer.email` is a field within one), and what it must hold."""

    body: frozenset[str] = frozenset()
    query: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()


def takes(*, body: str = "", query: str = "", needs: str = "") -> Takes:
    """Each a list of names; what is needed is taken, too."""
    return Takes(frozenset((body + " " + needs).split()), frozenset(query.split()), frozenset(needs.split()))


# What every client sends.
_USUAL_HEADERS = frozenset(
    {"host", "accept", "accept-encoding", "connection", "content-length", "content-type", "user-agent"}
)


@dataclass
class _Spell:
    mood: Mood
    times: int
    match: str


@dataclass(frozen=True)
class Answer:
    """What is sent back; text in a JSON answer is a number where it is a Decimal."""

    status: int
    body: Any


@dataclass
class FakeGateway(ABC):
    """Start it with `with FakeX() as gateway:`, point `gateway.setting` at `gateway.url`."""

    # Of each kind of fake.
    name: ClassVar[GatewayName]
    setting: ClassVar[str]
    # Whether a creation repeated with the same key gives the same charge, and whether our key finds it.
    keyed: ClassVar[bool] = False
    looks_up: ClassVar[bool] = False
    fees: ClassVar[bool] = False
    # `METHOD /path`, a star for an id, and what is taken there: all that the gateway documents and we use. Anything
    # else is refused, so that an adapter that makes something up is noticed. None: a fake of no gateway takes all.
    documented: ClassVar[Mapping[str, Takes] | None] = None
    own_headers: ClassVar[frozenset[str]] = frozenset()

    entries: dict[str, Entry] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    # What the gateway claims of every charge instead of the truth.
    lies: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._spells: list[_Spell] = []
        self._over = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._server.cut_connections()
        self._thread.join()

    @property
    def url(self) -> str:
        """The value for the setting."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    @abstractmethod
    def credentials(self) -> dict[str, str]:
        """Those of the one account the fake has."""

    # What tests do.

    def become(self, mood: Mood, *, times: int = 1, match: str = "") -> None:
        """The next calls whose `METHOD /path` holds `match` go this way."""
        with self._lock:
            self._spells.append(_Spell(mood, times, match))

    def newest(self) -> Entry:
        """The charge made last."""
        return list(self.entries.values())[-1]

    def made(self, match: str) -> list[Call]:
        """The calls whose `METHOD /path` holds `match`, in order."""
        return [call for call in self.calls if match in f"{call.method} {call.path}"]

    @abstractmethod
    def notice(self, entry: Entry, *, secret: str) -> Notice:
        """A genuine notice of the charge as it stands, signed as the account's `secret` makes it."""

    def forged(self, entry: Entry) -> Notice:
        """A notice that somebody else made up, with a signature that does not fit."""
        return self.notice(entry, secret="guessed")

    def unsigned(self, entry: Entry) -> Notice | None:
        """The same without any signature; None where the gateway always signs."""
        genuine = self.notice(entry, secret="")
        return Notice({}, genuine.body, genuine.query, genuine.content_type)

    # What fakes do.

    @abstractmethod
    def handle(self, call: Call) -> Answer:
        """The gateway's own API."""

    def enter(self, entry: Entry) -> Entry:
        """Books a charge."""
        self.entries[entry.id] = entry
        return entry

    def by_reference(self, reference: str) -> list[Entry]:
        return [entry for entry in self.entries.values() if entry.reference == reference]

    def fresh_id(self) -> str:
        return uuid.uuid4().hex

    def answer(self, call: Call) -> tuple[Answer | None, bool]:
        """The answer, and whether the connection is cut instead."""
        with self._lock:
            self.calls.append(call)
            mood = self._mood_for(f"{call.method} {call.path}")
            if mood is Mood.DOWN:
                return Answer(503, {"message": "temporariamente indisponível"}), False
            if mood is Mood.BUSY:
                return Answer(429, {"message": "Too Many Requests"}), False
            if mood is Mood.CUT:
                return None, True
            answer = self._refusal_of(call) or self.handle(call)
            if mood is Mood.LOST:
                return None, True
            if mood is Mood.RUBBISH:
                return Answer(answer.status, b"<html>Bad gateway</html>"), False
        if mood is Mood.SLOW:
            self._over.wait()
            return None, True
        return answer, False

    def _refusal_of(self, call: Call) -> Answer | None:
        """What no documentation knows."""
        if self.documented is None:
            return None
        known = next((one for line, one in self.documented.items() if _is_at(line, call)), None)
        if known is None:
            return Answer(404, {"message": f"undocumented: {call.method} {call.path}"})
        strange = set(call.headers) - _USUAL_HEADERS - self.own_headers
        strange |= set(call.query) - known.query
        given = set(_names_in(call.body))
        strange |= given - known.body
        missing = known.needs - given
        if call.method != "GET" and call.headers.get("content-type") != "application/json":
            strange.add("content-type")
        if strange or missing:
            return Answer(400, {"message": f"undocumented {sorted(strange)}, missing {sorted(missing)}"})
        return None

    def _mood_for(self, line: str) -> Mood | None:
        for spell in self._spells:
            if spell.times > 0 and spell.match in line:
                spell.times -= 1
                return spell.mood
        return None


def _is_at(line: str, call: Call) -> bool:
    method, _space, path = line.partition(" ")
    wanted, asked = path.split("/"), call.path.split("/")
    return (
        method == call.method
        and len(wanted) == len(asked)
        and all(one in ("*", other) for one, other in zip(wanted, asked, strict=True))
    )


def _names_in(body: Mapping[str, Any], within: str = "") -> Iterator[str]:
    for name, value in body.items():
        if isinstance(value, dict):
            yield from _names_in(value, f"{within}{name}.")
        else:
            yield f"{within}{name}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def cut_connections(self) -> None:
        """Clients keep connections alive; their threads end only when those do."""
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


def _handler(gateway: FakeGateway) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            answer, cut = gateway.answer(
                Call(
                    method=self.command,
                    path=unquote(parts.path),
                    query=dict(parse_qsl(parts.query)),
                    headers={name.lower(): value for name, value in self.headers.items()},
                    body=json.loads(content, parse_float=Decimal) if content else {},
                )
            )
            if cut or answer is None:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            body = answer.body if isinstance(answer.body, bytes) else dump(answer.body)
            self.send_response(answer.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

        do_POST = do_PUT = do_DELETE = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            """Silent: headers hold secrets."""

    return Handler


class _Number(float):
    """A decimal written into JSON digit by digit."""

    def __new__(cls, value: Decimal) -> Self:
        made = super().__new__(cls, value)
        made.text = str(value)
        return made

    text: str

    def __repr__(self) -> str:
        return self.text


def dump(value: Any) -> bytes:
    """JSON as gateways write it."""

    def exact(item: Any) -> Any:
        match item:
            case Decimal():
                return _Number(item)
            case dict():
                return {key: exact(one) for key, one in item.items()}
            case list():
                return [exact(one) for one in item]
            case _:
                return item

    return json.dumps(exact(value)).encode()


def reais(cents: int | None) -> Decimal | None:
    """Cents as the decimal number some gateways write."""
    return None if cents is None else Decimal(cents).scaleb(-2)
