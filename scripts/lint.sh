#!/usr/bin/env bash
# Style, formatting, types, walls. All four are always run, so that one look shows everything.
set -uo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh dev || exit 1
# The type checker loads the settings; they shall be the defaults and leave nothing behind.
DATA_DIR=$(mktemp -d)
trap 'rm -rf "$DATA_DIR"' EXIT
export DATA_DIR ENV_FILE=/dev/null
failed=0
.venv/bin/python -m ruff check . || failed=1
.venv/bin/python -m ruff format --check --quiet . || { echo "Some files are not formatted; 'make format' does it."; failed=1; }
.venv/bin/python -m mypy || failed=1
.venv/bin/lint-imports || failed=1
exit "$failed"
