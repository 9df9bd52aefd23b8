"""`Idempotency-Key` on a POST: the same key and body give the stored answer, and the act happens once.

Where the view works in one transaction, the record is part of it: a rival waits for its unique key, and a refused
request leaves none. Where the view calls something outside, the record is committed first and completed after; one
that was never completed may be taken over when its lease is over.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from functools import partial
from typing import Any, Final

import orjson
from django.db import IntegrityError, OperationalError, transaction
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.response import Response

from bots.errors import Conflict, Invalid
from bots.models import ApiKey, IdempotencyRecord
from bots.tenancy import organization_scope

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
LEASE: Final = timedelta(minutes=2)
MAX_LENGTH: Final = 255


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


def once(
    request: HttpRequest, key: ApiKey, act: Callable[[], HttpResponseBase], *, in_transaction: bool
) -> HttpResponseBase:
    """Answer with the record's response, or act and record. Raises KeyReused or InProgress."""
    given = request.headers.get(HEADER, "")
    if not given:
        return act()
    if len(given) > MAX_LENGTH:
        raise Invalid("idempotency_key_long", _("An Idempotency-Key has at most 255 characters."), field=HEADER)
    apart: Callable[[], AbstractContextManager[None]] = (
        nullcontext if in_transaction else partial(_scoped_transaction, key)
    )
    record = IdempotencyRecord(
        organization_id=key.organization_id,
        api_key_id=key.pk,
        route=f"{request.method} {request.path}"[:200],
        key=given,
        body_hash=hashlib.sha256(request.body).hexdigest(),
    )
    with apart():
        earlier = _claim(record)
    if earlier is not None:
        return _replay(earlier, record)
    response = act()
    with apart():
        if isinstance(response, Response) and response.status_code < 400:
            IdempotencyRecord.objects.filter(pk=record.pk).update(
                status_code=response.status_code, response=_jsonable(response.data)
            )
        else:
            # A refusal is not worth keeping: the same request may be right a minute later.
            IdempotencyRecord.objects.filter(pk=record.pk).delete()
    return response


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
    return Response(earlier.response, status=earlier.status_code, headers={REPLAYED: "true"})


def _jsonable(data: Any) -> Any:
    return orjson.loads(orjson.dumps(data, default=str))


@contextmanager
def _scoped_transaction(key: ApiKey) -> Iterator[None]:
    with transaction.atomic(), organization_scope(key.organization_id):
        yield
