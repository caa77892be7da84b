"""The demo: what is played, how it is shown, and the whole of it as a process."""
