"""Dates as people say them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone, translation

from bots.web.moments import exactly, relatively

NOW = datetime(2026, 3, 20, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "portuguese", "english"),
    [
        (timedelta(seconds=59), "agora", "now"),
        (timedelta(minutes=5, seconds=59), "há 5 min", "5 min ago"),
        (timedelta(hours=2), "há 2 h", "2 h ago"),
        (timedelta(days=1), "há 1 dia", "1 day ago"),
        (timedelta(days=6), "há 6 dias", "6 days ago"),
        (-timedelta(minutes=10), "em 10 min", "in 10 min"),
        (timedelta(days=8), "12 de março", "March 12"),
        (timedelta(days=400), "13/02/2025", "02/13/2025"),
    ],
)
def test_says_how_long_ago(ago: timedelta, portuguese: str, english: str) -> None:
    with translation.override("pt-br"):
        assert relatively(NOW - ago, NOW) == portuguese
    with translation.override("en"):
        assert relatively(NOW - ago, NOW) == english


def test_the_exact_time_is_that_of_the_active_zone() -> None:
    with translation.override("pt-br"), timezone.override("America/Sao_Paulo"):
        assert exactly(NOW) == "20/03/2026 12:00"
