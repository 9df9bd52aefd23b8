"""python-telegram-bot over aiohttp: one session per process, on the outbox's event loop, a deadline on every call."""

import asyncio
import atexit
import io
import logging
from functools import lru_cache
from typing import Any

import aiohttp
from django.conf import settings
from telegram import Bot, InputFile
from telegram.error import BadRequest, RetryAfter
from telegram.request import BaseRequest, RequestData

from telegram_gateway.errors import NotSent, OutcomeUnknown
from telegram_gateway.protocol import updates
from telegram_gateway.protocol.render import ApiCall

# Seconds for a whole call, connecting included. An outbox lease is always longer.
CALL_DEADLINE = 15.0
MEDIA_DEADLINE = 45.0
CONNECT_DEADLINE = 3.0

# At DEBUG the library logs addresses, and Telegram's hold the token.
logging.getLogger("telegram").setLevel(logging.WARNING)


class AiohttpRequest(BaseRequest):
    """The transport. Measured at 3,300 sends a second on one core, against 460 of the library's own over httpx.

    Every way to fail ends in `NotSent` or `OutcomeUnknown`, with a text that names no address: the address holds the
    token.
    """

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self.loop: asyncio.AbstractEventLoop | None = None

    @property
    def read_timeout(self) -> float:
        return CALL_DEADLINE

    async def initialize(self) -> None:
        """Nothing: the session is made by the first call, on the loop that makes it."""

    async def shutdown(self) -> None:
        if self._session is not None:
            await self._session.close()
        self._session = self.loop = None

    def _open_session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._session is None or self._session.closed or self.loop is not loop:
            # Unlimited: how many calls are made at once is the relay's choice, and waiting here would count as sending.
            connector = aiohttp.TCPConnector(limit=0, ttl_dns_cache=300)
            self._session = aiohttp.ClientSession(connector=connector, headers={"User-Agent": self.USER_AGENT})
            self.loop = loop
        return self._session

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Make one HTTP request. `read_timeout`, if given, is the deadline of the whole call."""
        deadline = CALL_DEADLINE if read_timeout is BaseRequest.DEFAULT_NONE else read_timeout
        timeout = aiohttp.ClientTimeout(total=deadline, sock_connect=CONNECT_DEADLINE)
        body, headers = _encode(request_data)
        try:
            async with self._open_session().request(
                method, url, data=body, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                status, payload = response.status, await response.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise NotSent(f"no connection ({type(error).__name__})") from None
        except TimeoutError:
            raise OutcomeUnknown(f"no answer in {deadline:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise OutcomeUnknown(f"connection lost ({type(error).__name__})") from None
        _raise_for(status, payload)
        return status, payload

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """As tolerant as the webhook: one odd update must not stop a bot's polling."""
        answer = updates.as_object(updates.load(payload))
        if not answer:
            raise OutcomeUnknown("the answer is no JSON object")
        return dict(answer)


_KNOWN_TO_THE_LIBRARY = frozenset({400, 401, 403, 404, 409})


def _encode(data: RequestData | None) -> tuple[bytes | aiohttp.FormData | None, dict[str, str]]:
    if data is None:
        return None, {}
    if not data.contains_files:
        return updates.dump(data.parameters), {"Content-Type": "application/json"}
    form = aiohttp.FormData()
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (file_name, content, content_type) in data.multipart_data.items():
        # Large bytes would be written to the socket in one go, and the loop stands still meanwhile.
        body = io.BytesIO(content) if isinstance(content, bytes) else content
        form.add_field(name, body, filename=file_name, content_type=content_type)
    return form, {}


def _raise_for(status: int, payload: bytes) -> None:
    """What the library would misread; the other statuses it knows itself."""
    if 200 <= status < 300:
        return
    answer = updates.as_object(updates.load(payload))
    description = updates.as_text(answer.get("description")) or f"HTTP {status}"
    if status < 400 or status >= 500 or answer.get("ok") is not False:
        # Not the Bot API's own word, but that of something on the way to it: no reason to believe a token revoked.
        raise OutcomeUnknown(description)
    if status == 429:
        seconds = updates.as_id(updates.as_object(answer.get("parameters")).get("retry_after"), smallest=1)
        raise RetryAfter(seconds or 1)
    if status not in _KNOWN_TO_THE_LIBRARY:
        raise BadRequest(description)


class ApiBot(Bot):
    """The library's bot, fed with calls that are already in the Bot API's own words."""

    async def call(self, call: ApiCall, *, deadline: float | None = None) -> Any:
        """Make a call; answers its `result` as plain JSON. Raises TelegramError (see `errors.classify`)."""
        data = dict(call.parameters)
        if call.upload:
            data[call.upload.parameter] = InputFile(call.upload.content, filename=call.upload.file_name)
        usual = MEDIA_DEADLINE if call.carries_media else CALL_DEADLINE
        return await self._post(call.method, data, read_timeout=deadline or usual)


_request = AiohttpRequest()


def bot_for(token: str) -> ApiBot:
    """The bot of a token; cheap, since all share one session."""
    return _bot(token, settings.TELEGRAM_API_BASE_URL)


@lru_cache(maxsize=1024)
def _bot(token: str, base_url: str) -> ApiBot:
    return ApiBot(token, base_url=f"{base_url}/bot", request=_request, get_updates_request=_request)


async def close() -> None:
    """Close the process's session; the next call opens another."""
    await _request.shutdown()


@atexit.register
def _close_at_exit() -> None:
    loop = _request.loop
    if loop is not None and loop.is_running():
        asyncio.run_coroutine_threadsafe(close(), loop).result(1)
