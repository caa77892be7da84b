"""The doctor: each cause by name, each part against the real thing."""
