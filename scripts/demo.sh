#!/usr/bin/env bash
# Shows what this is, without OpenClaw and Mattermost; arguments go to `manage.py demo`. Ctrl-C ends it.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh
exec .venv/bin/python manage.py demo "$@"
