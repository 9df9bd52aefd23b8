"""Asaas: PIX charges of a customer, found by our reference; one day is the shortest they live."""
