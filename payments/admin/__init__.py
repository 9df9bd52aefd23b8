"""Money and access in the staff admin: to read, but for accounts being switched on and off."""

from payments.admin import access, accounts, sales

__all__ = ["access", "accounts", "sales"]
