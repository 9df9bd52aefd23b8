"""Updates nobody should send: each a mutation of an ordinary one, or plain rubbish. Always the same ones."""

import json
from collections.abc import Iterator
from typing import Any

USER_ID = 700_100_200
PERSON = {"id": USER_ID, "is_bot": False, "first_name": "Ana", "username": "ana", "language_code": "pt-br"}
CHAT = {"id": USER_ID, "type": "private", "first_name": "Ana"}
MESSAGE = {"message_id": 5, "from": PERSON, "chat": CHAT, "date": 1_760_000_000, "text": "oi"}
PRESS = {"id": "77", "from": PERSON, "message": MESSAGE, "chat_instance": "9", "data": "start"}
MEMBERSHIP = {
    "chat": CHAT,
    "from": PERSON,
    "date": 1_760_000_000,
    "old_chat_member": {"user": PERSON, "status": "member"},
    "new_chat_member": {"user": PERSON, "status": "kicked"},
}
ORDINARY: dict[str, dict[str, Any]] = {
    "message": {"message": MESSAGE},
    "photo": {"message": {**MESSAGE, "photo": [{"file_id": "a", "width": 1}], "caption": "c"}},
    "contact": {"message": {**MESSAGE, "contact": {"phone_number": "+55", "user_id": USER_ID}}},
    "location": {"message": {**MESSAGE, "location": {"latitude": -23.5, "longitude": -46.6}}},
    "callback_query": {"callback_query": PRESS},
    "my_chat_member": {"my_chat_member": MEMBERSHIP},
    "pre_checkout_query": {"pre_checkout_query": {"id": "1", "from": PERSON, "currency": "XTR", "total_amount": 5}},
}

# JSON texts put in the place of any value.
VALUES = (
    '"\\u0000"', '"a\\u0000b"', '"\\ud800"', '"\\udfff\\ud800"', '"' + "é" * 500_000 + '"', "NaN", "-Infinity", "1e999",
    "9" * 5_000, "-" + "9" * 30, "9223372036854775808", "1.5", "-1", "0", "true", "null", "[]", "{}", '""', '"x"',
    "[" * 300 + "]" * 300, '{"a":' * 300 + "1" + "}" * 300, "[null]", '["\\u0000"]', '{"id":[]}', '{"":""}',
)  # fmt: skip
PLACEHOLDER = "§here§"

RUBBISH = (
    b"",
    b" ",
    b"null",
    b"[]",
    b"{}",
    b"0",
    b'"text"',
    b"\x00",
    b"\xff\xfe\xfd",
    b"\xef\xbb\xbf{}",
    b'{"update_id":',
    b'{"update_id":1}garbage',
    b"{'update_id': 1}",
    b"<html></html>",
    b"a=1&b=2",
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b'{"update_id":1,"message":' * 2_000 + b"{}" + b"}" * 2_000,
    "{\"update_id\": 1, \"message\": \"\ud800\"}".encode("utf-8", "surrogatepass"),
    json.dumps({"update_id": 1}).encode("utf-16"),
    b'{"update_id":1,"update_id":"2","message":{},"message":[]}',
    b'{"message":{"text":"no id"}}',
    b"{" + b",".join(b'"k%d":%d' % (n, n) for n in range(20_000)) + b"}",
    b"A" * (1024 * 1024),
)  # fmt: skip


def corpus() -> list[tuple[str, bytes]]:
    """Every hostile body with a name for the test's report."""
    mutated = [
        (f"{name}-{'.'.join(map(str, path))}-{number}", body)
        for name, update in ORDINARY.items()
        for path in _paths({"update_id": 1, **update})
        for number, body in enumerate(_mutations({"update_id": 1, **update}, path))
    ]
    return mutated + [(f"rubbish-{number}", body) for number, body in enumerate(RUBBISH)]


def small_corpus() -> list[tuple[str, bytes]]:
    """A corpus of several hundred that names every mutation and every kind of update at least once."""
    whole = corpus()
    return whole[::7] + whole[-len(RUBBISH) :]


def with_update_id(body: bytes, update_id: int) -> bytes:
    """The same update under another id, where it has one."""
    return body.replace(b'"update_id":1', b'"update_id":%d' % update_id).replace(
        b'"update_id": 1', b'"update_id": %d' % update_id
    )


def _paths(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The place of every value inside, nested or not."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in items:
        yield (*path, key)
        yield from _paths(child, (*path, key))


def _mutations(update: dict[str, Any], path: tuple[str | int, ...]) -> Iterator[bytes]:
    """The update without this value, and with each of `VALUES` in its place."""
    yield json.dumps(_changed(update, path, None, remove=True)).encode()
    text = json.dumps(_changed(update, path, PLACEHOLDER, remove=False))
    hole = json.dumps(PLACEHOLDER)
    for value in VALUES:
        yield text.replace(hole, value).encode()


def _changed(update: dict[str, Any], path: tuple[str | int, ...], value: object, *, remove: bool) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(update))
    parent: Any = copy
    for key in path[:-1]:
        parent = parent[key]
    if remove:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return copy
