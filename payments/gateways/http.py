"""JSON over HTTPS to gateways: one session per process, one deadline for all the calls of an operation.

Every way to fail ends in a `GatewayError` that says whether the call may have been carried out. Its text holds nothing
of the request, and of the answer only the gateway's own words, with all that looks like a person's data taken out.
"""

import asyncio
import atexit
import json
import re
import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp
import orjson

from bots.outbox.loop import outbox_loop
from payments.domain.money import Money
from payments.gateways.base import CALL_SECONDS, GatewayError

CONNECT_SECONDS: Final = 2.0
USER_AGENT: Final = "Trilho"
# No answer of a gateway that concerns one charge, or one page of a list, is near that large.
LARGEST_ANSWER: Final = 4 * 1024 * 1024
_LONG_DIGITS: Final = re.compile(r"[0-9][0-9.\-/]{4,}[0-9]", re.ASCII)
_EMAIL: Final = re.compile(r"[^\s@]+@[^\s@]+")
# Where gateways put the sentence for people, in the order in which it is looked for.
_SENTENCES: Final = ("message", "error_description", "description", "error", "detail")


class Refused(GatewayError):
    """The gateway answered with a 4xx: it understood, and did nothing."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code, message)
        self.status = status


def amount_of(money: Money) -> orjson.Fragment:
    """An amount as a JSON number with its decimals, never through a float."""
    return orjson.Fragment(money.plain())


class Api:
    """A gateway's address with an account's credentials, for the length of one operation."""

    def __init__(self, base_url: str, headers: Mapping[str, str], *, seconds: float | None = None) -> None:
        self._base_url = base_url
        self._headers = {"User-Agent": USER_AGENT, "Accept": "application/json", **headers}
        self._ends_at = time.monotonic() + (CALL_SECONDS if seconds is None else seconds)

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """Asks; nothing is changed by it."""
        return self._call("GET", path, query=query)

    def post(
        self,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Does something: where no answer comes, its outcome is unknown."""
        return self._call("POST", path, query=query, content=orjson.dumps(body or {}), headers=headers)

    def put(self, path: str, body: Mapping[str, object]) -> Any:
        """Changes something; doing it twice changes nothing more."""
        return self._call("PUT", path, content=orjson.dumps(body))

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise GatewayError("timeout", "no time was left for the call", retryable=True)
        address = f"{self._base_url}{path}" + (f"?{urlencode(query)}" if query else "")
        sent = {**self._headers, **(headers or {})}
        if content is not None:
            sent["Content-Type"] = "application/json"
        changes = method != "GET"
        status, body, retry_after = outbox_loop.run(
            _session.request(method, address, content=content, headers=sent, seconds=left, changes=changes)
        )
        return _read(status, body, retry_after, changes=changes)


class _Session:
    """The process's connections to gateways, on the one event loop; opened by the first call, anew after a fork."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def request(
        self,
        method: str,
        address: str,
        *,
        content: bytes | None,
        headers: Mapping[str, str],
        seconds: float,
        changes: bool,
    ) -> tuple[int, bytes, str]:
        """Status, body and `Retry-After` of one call."""
        timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=min(CONNECT_SECONDS, seconds))
        try:
            async with self._open().request(
                method, address, data=content, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                body = await answer.content.read(LARGEST_ANSWER)
                while chunk := await answer.content.read(LARGEST_ANSWER):
                    body += chunk
                    if len(body) > LARGEST_ANSWER:
                        raise _unreadable("the answer is too large", changes=changes)
                return answer.status, body, answer.headers.get("Retry-After", "")
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise GatewayError("unreachable", f"no connection ({type(error).__name__})", retryable=True) from None
        except TimeoutError:
            raise GatewayError("timeout", "no answer in time", retryable=True, unknown_outcome=changes) from None
        except (aiohttp.ClientError, OSError) as error:
            raise GatewayError(
                "connection_lost", type(error).__name__, retryable=True, unknown_outcome=changes
            ) from None

    def _open(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._session is None or self._session.closed or self._loop is not loop:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=300))
            self._loop = loop
        return self._session

    async def close(self) -> None:
        """The next call opens another."""
        if self._session is not None:
            await self._session.close()
        self._session = self._loop = None

    def close_at_exit(self) -> None:
        """Ask the loop, if it still runs, to close the connections."""
        if self._loop is not None and self._loop.is_running():
            asyncio.run_coroutine_threadsafe(self.close(), self._loop).result(1)


_session = _Session()
atexit.register(_session.close_at_exit)


def load(content: bytes) -> Any:
    """JSON with every fraction as a `Decimal`. ValueError for all else, NaN and endless nesting included."""
    try:
        return json.loads(content, parse_float=Decimal, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def _read(status: int, body: bytes, retry_after: str, *, changes: bool) -> Any:
    if 200 <= status < 300:
        try:
            return load(body)
        except ValueError:
            raise _unreadable("the answer is no JSON", changes=changes) from None
    if status == 429:
        seconds = int(retry_after) if retry_after.isascii() and retry_after.isdigit() else None
        raise GatewayError("too_many_requests", "asked too often", retryable=True, retry_after=seconds)
    if status in (401, 403):
        raise Refused(status, "credentials_refused", _sentence(body))
    if 400 <= status < 500 and status != 408:
        raise Refused(status, "refused", f"HTTP {status}: {_sentence(body)}")
    # 3xx is no answer of an API: something on the way to it spoke.
    raise GatewayError("gateway_down", f"HTTP {status}", retryable=True, unknown_outcome=changes)


def _unreadable(message: str, *, changes: bool) -> GatewayError:
    return GatewayError("unreadable_answer", message, retryable=True, unknown_outcome=changes)


def _sentence(body: bytes) -> str:
    """What the gateway says to people, without what looks like a document, a card or an e-mail."""
    try:
        said = load(body)
    except ValueError:
        return "no reason given"
    if isinstance(said, dict) and isinstance(said.get("errors"), list) and said["errors"]:
        said = said["errors"][0]
    found = (
        next((said[name] for name in _SENTENCES if isinstance(said.get(name), str)), "")
        if isinstance(said, dict)
        else ""
    )
    text = _EMAIL.sub("…", _LONG_DIGITS.sub("…", " ".join(found.split())))
    return text[:200] or "no reason given"
