"""Telegram Stars: money inside Telegram, without a gateway, an account or a fee of a third."""
