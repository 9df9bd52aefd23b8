"""Tools that tests share: builders, fakes of the network's edge, clocks, assertions about SQL."""
