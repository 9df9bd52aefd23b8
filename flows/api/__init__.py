"""The flows app's edges for programs."""
