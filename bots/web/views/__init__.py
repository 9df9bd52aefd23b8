"""Views of the kernel's pages."""
