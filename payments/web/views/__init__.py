"""Views of the payments app's pages."""
