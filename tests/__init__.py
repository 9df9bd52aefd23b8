"""The test suite; mirrors the source path for path."""
