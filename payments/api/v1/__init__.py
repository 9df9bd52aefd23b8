"""Version 1 of the payments app's part of the REST API: charges and accesses."""
