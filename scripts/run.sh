#!/usr/bin/env bash
# Brings everything up to date and starts it; Ctrl-C ends all of it.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh
python=.venv/bin/python
"$python" manage.py migrate --verbosity 0
"$python" manage.py collectstatic --noinput --verbosity 0
"$python" manage.py firstrun
exec "$python" -m livestatus_site.processes
