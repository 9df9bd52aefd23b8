"""When an unpaid charge is asked about again."""

from datetime import datetime, timedelta

# Minutes after the charge was made; then every half hour until it expires.
FIRST_MINUTES = (1, 2, 5, 10, 30)
STEADY = timedelta(minutes=30)
# Banks need a moment to book a payment made in the last second.
EXPIRY_GRACE = timedelta(seconds=2)
AFTER_EXPIRY = (timedelta(hours=1), *(timedelta(days=day) for day in range(1, 8)))


def next_poll(*, created_at: datetime, expires_at: datetime, now: datetime) -> datetime | None:
    """The first moment after `now` at which to ask the gateway; None when the charge is no longer watched.

    1, 2, 5, 10, 30 minutes, every 30 minutes, at expiry, one hour later, then daily for 7 days.
    """
    end = expires_at + EXPIRY_GRACE
    for minutes in FIRST_MINUTES:
        moment = created_at + timedelta(minutes=minutes)
        if now < moment < end:
            return moment
    if now < end:
        steps = max(1, (now - created_at) // STEADY + 1)
        return min(created_at + steps * STEADY, end)
    return next((end + wait for wait in AFTER_EXPIRY if end + wait > now), None)
