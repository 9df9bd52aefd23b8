"""Mercado Pago: PIX by its payments API, asked with the seller's own access token."""
