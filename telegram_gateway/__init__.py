"""Telegram in and out."""

import os

# The library's durations as timedelta, its coming way; otherwise each flood answer warns.
os.environ.setdefault("PTB_TIMEDELTA", "1")
