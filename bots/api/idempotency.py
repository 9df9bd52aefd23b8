"""`Idempotency-Key` on a POST: the same key and body give the stored answer, and the act happens once.

Where the view works in one transaction, the record is part of it: a rival waits for its unique key, and a refused
request leaves none. Where the view calls something outside, the record is committed first and completed after; one
that was never completed may be taken over when its lease is over.
"""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from functools import wraps
from typing import Any, Final

import orjson
from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from bots.api.authentication import key_of
from bots.errors import Conflict, DomainError, Invalid
from bots.models import IdempotencyRecord
from bots.tenancy import scoped_transaction

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
LEASE: Final = timedelta(minutes=2)
# Nobody repeats a request later than this.
KEPT_FOR: Final = timedelta(days=3)
MAX_LENGTH: Final = 255

PostHandler = Callable[..., Response]


class KeyReused(Invalid):
    """The same key came with another request."""

    def __init__(self) -> None:
        super().__init__(
            "idempotency_key_reused",
            _("This Idempotency-Key was used for another request. Use a new key."),
            field=HEADER,
        )


class InProgress(Conflict):
    """The first request with this key is not answered yet."""

    def __init__(self) -> None:
        super().__init__(
            "idempotency_in_progress", _("A request with this Idempotency-Key is still at work. Try again in a moment.")
        )


def idempotent(post: PostHandler) -> PostHandler:
    """A POST handler of an `ApiView` that keeps its promise about the header."""

    @wraps(post)
    def handler(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        return once(
            request,
            lambda: post(view, request, *args, **kwargs),
            in_transaction=view.in_transaction,
            digest_of=view.digest_of,
        )

    return handler


def once(
    request: Request, act: Callable[[], Response], *, in_transaction: bool, digest_of: Callable[[Request], str]
) -> Response:
    """Answer with the record's response, or act and record. Raises KeyReused or InProgress."""
    given = request.headers.get(HEADER, "")
    if not given:
        return act()
    if len(given) > MAX_LENGTH:
        raise Invalid("idempotency_key_long", _("An Idempotency-Key has at most 255 characters."), field=HEADER)
    unit = nullcontext if in_transaction else scoped_transaction
    record = _record_of(request, given, digest_of(request))
    with unit():
        earlier = _claim(record)
    if earlier is not None:
        return _replay(earlier, record)
    try:
        response = act()
    except (DomainError, APIException):
        # A refusal is not worth keeping: the same request may be right a minute later. Where there is one
        # transaction, it takes the record along.
        if not in_transaction:
            with unit():
                IdempotencyRecord.objects.filter(pk=record.pk).delete()
        raise
    answer = {"body": _jsonable(response.data), "headers": dict(response.headers)}
    with unit():
        IdempotencyRecord.objects.filter(pk=record.pk).update(status_code=response.status_code, response=answer)
    return response


def forget_old_answers() -> int:
    """Delete the records of every organization that nobody will ask for again; how many there were. Safe to repeat."""
    count, _tables = IdempotencyRecord.unscoped.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()
    return count


def _record_of(request: Request, given: str, body_hash: str) -> IdempotencyRecord:
    key = key_of(request)
    return IdempotencyRecord(
        organization_id=key.organization_id,
        api_key_id=key.pk,
        route=f"{request.method} {request.path}"[:200],
        key=given,
        body_hash=body_hash,
    )


def _claim(record: IdempotencyRecord) -> IdempotencyRecord | None:
    """None if the key is ours now, else the record of whoever came first."""
    same = {"organization_id": record.organization_id, "route": record.route, "key": record.key}
    IdempotencyRecord.objects.filter(**same, status_code=None, created_at__lt=timezone.now() - LEASE).delete()
    try:
        with transaction.atomic():
            record.save(force_insert=True)
    except IntegrityError:
        return IdempotencyRecord.objects.get(**same)
    except OperationalError:
        # lock_timeout: the first request holds the unique key in its open transaction.
        raise InProgress from None
    return None


def _replay(earlier: IdempotencyRecord, record: IdempotencyRecord) -> Response:
    if earlier.body_hash != record.body_hash or earlier.api_key_id != record.api_key_id:
        raise KeyReused
    if earlier.status_code is None:
        raise InProgress
    answer: Any = earlier.response
    return Response(answer["body"], status=earlier.status_code, headers={**answer["headers"], REPLAYED: "true"})


def _jsonable(data: Any) -> Any:
    return orjson.loads(orjson.dumps(data, default=str))
