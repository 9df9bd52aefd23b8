"""Views of the flows app's pages."""
