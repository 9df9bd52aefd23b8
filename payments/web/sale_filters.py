"""What the address of the sales' list asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date

from bots.web.filters import chosen_uuid
from payments import selectors
from payments.models import Order, OrderStatus
from payments.selectors import SaleFlag


@dataclass(frozen=True, slots=True)
class SaleFilters:
    """Everything is optional; what a person typed that means nothing is as if it were not there."""

    query: str = ""
    status: OrderStatus | None = None
    bot: UUID | None = None
    flow: UUID | None = None
    account: UUID | None = None
    flag: SaleFlag | None = None
    since: date | None = None
    until: date | None = None

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> "SaleFilters":
        status, flag = asked.get("estado", ""), asked.get("marca", "")
        return cls(
            query=asked.get("busca", "").replace("\x00", "").strip()[:200],
            status=OrderStatus(status) if status in OrderStatus.values else None,
            bot=chosen_uuid(asked.get("bot")),
            flow=chosen_uuid(asked.get("fluxo")),
            account=chosen_uuid(asked.get("conta")),
            flag=SaleFlag(flag) if flag in list(SaleFlag) else None,
            since=_day(asked.get("de", "")),
            until=_day(asked.get("ate", "")),
        )

    @property
    def is_set(self) -> bool:
        return self != SaleFilters()

    @property
    def more_are_set(self) -> bool:
        """Whether one of those is set that are folded away."""
        return any((self.flow, self.account, self.since, self.until))

    def sales(self) -> QuerySet[Order]:
        """The sales asked for; days are those of the active time zone, the last one included."""
        return selectors.sales(
            search=self.query,
            status=self.status,
            bot_id=self.bot,
            flow_id=self.flow,
            account_id=self.account,
            flag=self.flag,
            since=_midnight(self.since),
            until=_midnight(self.until + timedelta(days=1)) if self.until else None,
        )

    def told(self) -> dict[str, str]:
        """What was asked, for the audit trail."""
        names = ("query", "status", "bot", "flow", "account", "flag", "since", "until")
        return {name: str(value) for name in names if (value := getattr(self, name))}


def _day(text: str) -> date | None:
    try:
        found = parse_date(text)
    except ValueError:
        return None
    # Near the ends of the calendar there is no day before or after.
    return found if found is not None and 2000 <= found.year <= 2200 else None


def _midnight(day: date | None) -> datetime | None:
    return timezone.make_aware(datetime.combine(day, time())) if day else None
