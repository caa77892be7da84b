"""Live Status: watches the sessions of AI agents and keeps one live Mattermost post per run."""
