"""The payments app's edges for programs."""
