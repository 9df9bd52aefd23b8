"""Woovi (OpenPix): PIX in cents under our own ids; notices signed with its private key."""
