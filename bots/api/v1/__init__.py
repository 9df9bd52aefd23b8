"""Version 1 of the kernel's part of the REST API."""
