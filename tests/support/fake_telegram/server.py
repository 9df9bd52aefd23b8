"""The server: any `/bot<token>/<method>`, as JSON, form or multipart; state per token; every call kept in order."""

import json
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import Any, Self, TypeVar

from tests.support.fake_telegram.calls import Call, Drop, Fault
from tests.support.fake_telegram.files import KINDS, FileShelf
from tests.support.fake_telegram.groups import Groups
from tests.support.fake_telegram.http import Answer, Cut, HttpServer
from tests.support.fake_telegram.stars import StarBooks

SENDS = ("send", "copy", "forward")
DEFAULT_TIMEOUT = 20.0
T = TypeVar("T")


class FakeTelegram:
    """A Bot API of our own. Start it with `with FakeTelegram() as telegram:` and point bots at `telegram.url`."""

    def __init__(self, *, latency: float = 0.0) -> None:
        self.latency = latency
        self.calls: list[Call] = []
        self.webhooks: dict[str, dict[str, Any]] = {}
        self.revoked: set[str] = set()
        self._faults: list[Fault] = []
        self._updates: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._polls: Counter[str] = Counter()
        self._message_ids: Counter[tuple[str, int]] = Counter()
        self._next_update_id = 1_000
        self._changed = threading.Condition()
        self._http = HttpServer(self._answer)
        self._closed = False
        self.files = FileShelf()
        self.stars = StarBooks()
        self.groups = Groups()
        self.most_polls_at_once: Counter[str] = Counter()

    def __enter__(self) -> Self:
        self._http.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._http.stop()

    @property
    def url(self) -> str:
        """The value for `TELEGRAM_API_BASE_URL`."""
        return self._http.url

    def fail(self, fault: Fault) -> None:
        """Let the next calls that match fail; faults are tried in the order they were given."""
        with self._changed:
            self._faults.append(fault)

    def heal(self) -> None:
        """Forget all faults."""
        with self._changed:
            self._faults.clear()

    def next_update_id(self) -> int:
        """A fresh update id, rising."""
        with self._changed:
            self._next_update_id += 1
            return self._next_update_id

    def next_message_id(self, token: str, chat_id: int) -> int:
        """A fresh message id of a chat, rising; people and bots share the count."""
        with self._changed:
            self._message_ids[token, chat_id] += 1
            return self._message_ids[token, chat_id]

    def push_update(self, token: str, update: dict[str, Any]) -> None:
        """Let `getUpdates` of this bot bring an update."""
        with self._changed:
            self._updates[token].append(update)
            self._changed.notify_all()

    def pending_updates(self, token: str) -> int:
        """How many updates no `getUpdates` has confirmed yet."""
        with self._changed:
            return len(self._updates[token])

    def accepted(
        self, method: str | None = None, *, token: str | None = None, chat_id: int | None = None
    ) -> list[Call]:
        """The calls that took effect, in order."""
        with self._changed:
            return [call for call in self.calls if call.accepted and _matches(call, method, token, chat_id)]

    def attempts(
        self, method: str | None = None, *, token: str | None = None, chat_id: int | None = None
    ) -> list[Call]:
        """All calls, also those that failed, in order."""
        with self._changed:
            return [call for call in self.calls if _matches(call, method, token, chat_id)]

    def sent_to(self, chat_id: int, *, token: str | None = None) -> list[Call]:
        """The messages a chat got, in order."""
        return [call for call in self.accepted(token=token, chat_id=chat_id) if call.method.startswith(SENDS)]

    def wait_for(self, look: Callable[[], T | None], *, timeout: float = DEFAULT_TIMEOUT, what: str = "a call") -> T:
        """The first true answer of `look`, asked again after every call. AssertionError when `timeout` has passed."""
        end = time.monotonic() + timeout
        with self._changed:
            while True:
                found = look()
                if found:
                    return found
                left = end - time.monotonic()
                if left <= 0:
                    recent = [(call.method, call.chat_id, call.accepted, call.text) for call in self.calls[-10:]]
                    raise AssertionError(f"waited {timeout} s for {what}; the last calls were {recent}")
                self._changed.wait(left)

    # --- answering ---

    def _answer(self, token: str, method: str, parameters: dict[str, Any], files: dict[str, bytes]) -> Answer:
        if method == "getUpdates":
            return self._get_updates(token, parameters)
        chat_id = _chat_id(parameters)
        with self._changed:
            fault = self._fault_for(token, method, chat_id) or self.files.fault(token, method, parameters)
            refused = self.groups.fault(method, parameters)
            if fault is None and refused:
                fault = Fault(status=400, description=refused)
            accepted = fault is None or fault.drop is Drop.AFTER
            message_id = None
            if accepted and method.startswith(SENDS) and chat_id is not None:
                self._message_ids[token, chat_id] += 1
                message_id = self._message_ids[token, chat_id]
            call = Call(len(self.calls) + 1, token, method, chat_id, parameters, files, accepted, message_id)
            result = self._result(call) if accepted else None
            self.calls.append(call)
            self._changed.notify_all()
        if self.latency:
            time.sleep(self.latency)
        if fault is None:
            return Answer(200, {"ok": True, "result": result})
        if fault.drop:
            raise Cut
        return _error(fault)

    def _fault_for(self, token: str, method: str, chat_id: int | None) -> Fault | None:
        if token in self.revoked:
            return Fault(status=401, description="Unauthorized")
        for fault in self._faults:
            if fault.matches(token, method, chat_id):
                fault.times -= 1
                return fault
        return None

    def _result(self, call: Call) -> Any:
        bot_id = int(call.token.partition(":")[0]) if call.token.partition(":")[0].isdigit() else 1
        me = {"id": bot_id, "is_bot": True, "first_name": f"Bot {bot_id}", "username": f"fake_{bot_id}_bot"}
        match call.method:
            case "getMe":
                return me | {"can_join_groups": True, "can_read_all_group_messages": False}
            case "getUserProfilePhotos":
                return {"total_count": 0, "photos": []}
            case "setWebhook":
                self.webhooks[call.token] = dict(call.parameters)
                return True
            case "deleteWebhook":
                self.webhooks.pop(call.token, None)
                return True
            case "getWebhookInfo":
                url = self.webhooks.get(call.token, {}).get("url", "")
                pending = len(self._updates[call.token])
                return {"url": url, "has_custom_certificate": False, "pending_update_count": pending}
            case method if method.startswith(SENDS):
                return self._message(call, me)
            case method:
                told = self.stars.answer(call.token, method, call.parameters)
                if told is None:
                    told = self.groups.answer(bot_id, method, call.parameters)
                return True if told is None else told

    def _message(self, call: Call, me: dict[str, Any]) -> dict[str, Any]:
        message = _message(call, me)
        if call.method in KINDS:
            message |= self.files.take(call.token, call.method, call.parameters, uploaded=bool(call.files))
        return message

    def _get_updates(self, token: str, parameters: Mapping[str, Any]) -> Answer:
        offset, limit = int(parameters.get("offset") or 0), int(parameters.get("limit") or 100)
        end = time.monotonic() + float(parameters.get("timeout") or 0)
        with self._changed:
            fault = self._fault_for(token, "getUpdates", None)
            if fault is None and self.webhooks.get(token, {}).get("url"):
                fault = Fault(status=409, description="Conflict: can't use getUpdates method while webhook is active")
            self.calls.append(Call(len(self.calls) + 1, token, "getUpdates", None, parameters, {}, fault is None))
            self._changed.notify_all()
            if fault:
                if fault.drop:
                    raise Cut
                return _error(fault)
            self._polls[token] += 1
            self.most_polls_at_once[token] = max(self.most_polls_at_once[token], self._polls[token])
            try:
                self._updates[token] = [u for u in self._updates[token] if u["update_id"] >= offset]
                while not self._updates[token] and (left := end - time.monotonic()) > 0 and not self._closed:
                    self._changed.wait(left)
                return Answer(200, {"ok": True, "result": self._updates[token][:limit]})
            finally:
                self._polls[token] -= 1


def _matches(call: Call, method: str | None, token: str | None, chat_id: int | None) -> bool:
    wanted = ((method, call.method), (token, call.token), (chat_id, call.chat_id))
    return all(expected in (None, actual) for expected, actual in wanted)


def _chat_id(parameters: Mapping[str, Any]) -> int | None:
    value = str(parameters.get("chat_id", ""))
    return int(value) if value.lstrip("-").isdigit() else None


def _error(fault: Fault) -> Answer:
    if fault.body is not None:
        return Answer(fault.status, fault.body)
    error: dict[str, Any] = {"ok": False, "error_code": fault.status, "description": fault.description}
    return Answer(fault.status, error | ({"parameters": dict(fault.parameters)} if fault.parameters else {}))


def _message(call: Call, me: dict[str, Any]) -> dict[str, Any]:
    message: dict[str, Any] = {
        "message_id": call.message_id,
        "from": me,
        "chat": {"id": call.chat_id, "type": "private", "first_name": "Contact"},
        "date": int(time.time()),
    }
    message.update({name: call.parameters[name] for name in ("text", "caption") if name in call.parameters})
    return json.loads(json.dumps(message))  # type: ignore[no-any-return]
