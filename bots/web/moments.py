"""Dates as people say them."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)


def exactly(moment: datetime) -> str:
    """Day and time in the active time zone, as the language writes them."""
    return date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT")


def relatively(moment: datetime, now: datetime) -> str:
    """`há 5 min`, `em 2 h`, `há 3 dias`; after a week, the date."""
    distance = abs(now - moment)
    if distance < MINUTE:
        return _("now")
    if distance >= WEEK:
        return _date(moment, now)
    return (_("%(span)s ago") if moment <= now else _("in %(span)s")) % {"span": span(distance)}


def span(length: timedelta) -> str:
    """A length of time in its largest whole unit."""
    if length < HOUR:
        return _("%(count)d min") % {"count": max(1, length // MINUTE)}
    if length < DAY:
        return _("%(count)d h") % {"count": length // HOUR}
    days = length // DAY
    return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}


def _date(moment: datetime, now: datetime) -> str:
    local, today = timezone.localtime(moment), timezone.localtime(now)
    written = date_format(local, "MONTH_DAY_FORMAT" if local.year == today.year else "SHORT_DATE_FORMAT")
    # Portuguese writes its months small; Django's names of them are made to begin a line.
    return written.lower() if (get_language() or "").startswith("pt") else written
