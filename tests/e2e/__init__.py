"""Live Status beside a real OpenClaw, from the prompt to the post. Opt-in: `make e2e-openclaw`."""
