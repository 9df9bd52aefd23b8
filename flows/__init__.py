"""Definitions, versions, runs and the engine that walks them."""
