"""The live board. It shows, and marks posts as due; it never publishes."""
