"""PushinPay: PIX in cents, without keys, references or signatures of its own."""
