"""What every version of the REST API shares: authentication, errors, pagination, throttling, idempotency."""
