#!/usr/bin/env bash
# Rounds of faults on real processes; arguments go to `python -m tests.faults`.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh test
command -v redis-server >/dev/null || { echo "The workers need a Redis to lose: apt-get install redis-server" >&2; exit 1; }
exec .venv/bin/python -m tests.faults "$@"
