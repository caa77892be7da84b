#!/usr/bin/env bash
# Plays on real OpenClaw releases. E2E_DIR: where they are installed; E2E_RELEASES, E2E_PLAYS: which (see tests/e2e).
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh
exec .venv/bin/python -m tests.e2e
