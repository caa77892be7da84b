"""Whether the service works, and if not, why and what to do next. For machines and for people."""
