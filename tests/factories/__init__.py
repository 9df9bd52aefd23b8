"""Rows for tests, app by app."""
