"""Gateways behind one interface: `base` says what each must do, `registry` knows them all."""
