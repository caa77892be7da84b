"""What people see and do, in a real browser: Debian's chromium, steered by playwright."""
