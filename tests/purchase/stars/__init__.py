"""Purchases in Telegram's own Stars."""
