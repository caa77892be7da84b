"""Room of the commands."""
