"""Template tags of money pages."""
