"""The decisions: events and facts in, run states and words out. Values and pure functions, no clock, no I/O."""
