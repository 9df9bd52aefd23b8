"""Commands of the Telegram gateway."""
