"""One module per command of manage.py. A command parses its options and calls a room; it decides nothing itself."""
