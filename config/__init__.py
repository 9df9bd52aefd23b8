"""Settings, URLs, Celery and everything that wires the apps together; imported by none of them."""
