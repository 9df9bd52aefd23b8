"""Finding sales by what somebody has in hand: a receipt, a name, a document, an id.

Each way of finding has a query of its own, so that each can use an index; asked as one condition over sales, charges
and people joined, the database walks through every sale.
"""

import re
from collections.abc import Iterator
from functools import reduce
from operator import and_
from typing import Any, Final
from uuid import UUID

from django.db.models import Q, QuerySet

from bots.models import Contact
from payments.models import Order, Payment
from payments.selectors.ids import LIKE_UUID

# CPF and CNPJ.
DOCUMENT_LENGTHS: Final = (11, 14)


def matching(search: str) -> Q:
    """Of sales: whatever stands on a receipt, or is known of who paid. See `sales`."""
    first, *others = _ways(search.strip())
    return Q(pk__in=first.union(*others))


def _ways(text: str) -> Iterator[QuerySet[Any, Any]]:
    """The ids of sales, by each thing that the text may be."""
    orders, charges = Order.objects.order_by(), Payment.objects.order_by()
    yield orders.filter(contact__in=_people(text).values("pk")).values("pk")
    yield orders.filter(description__icontains=text).values("pk")
    for field in ("txid__iexact", "end_to_end_id__iexact", "provider_id", "idempotency_key"):
        yield charges.filter(**{field: text}).values("order_id")
    if "@" in text:
        yield charges.filter(payer__email__iexact=text).values("order_id")
    digits = re.sub(r"[.\-/\s]", "", text)
    if digits.isascii() and digits.isdigit() and len(digits) in DOCUMENT_LENGTHS:
        yield charges.filter(payer__document__in=[text, digits, _written(digits)]).values("order_id")
    if LIKE_UUID.fullmatch(text):
        yield orders.filter(Q(pk=UUID(text)) | Q(run_id=UUID(text))).values("pk")
        yield charges.filter(pk=UUID(text)).values("order_id")


def _people(text: str) -> QuerySet[Contact]:
    """Every word of it in the first name or the last; or the username, or the Telegram id."""
    words = [Q(first_name__icontains=word) | Q(last_name__icontains=word) for word in text.split()]
    wanted = reduce(and_, words, Q()) | Q(username__iexact=text.removeprefix("@"))
    if text.isascii() and text.isdigit() and len(text) <= 18:
        wanted |= Q(telegram_user_id=int(text))
    return Contact.objects.order_by().filter(wanted)


def _written(digits: str) -> str:
    """A document as people write it."""
    if len(digits) == DOCUMENT_LENGTHS[0]:
        return f"{digits[:3]}.{digits[3:6]}.{digits[6:9]}-{digits[9:]}"
    return f"{digits[:2]}.{digits[2:5]}.{digits[5:8]}/{digits[8:12]}-{digits[12:]}"
