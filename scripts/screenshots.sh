#!/usr/bin/env bash
# Plays the demo and takes the pictures of the README into docs/images, with Debian's Chromium.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh pictures
exec .venv/bin/python -m sessions_app.demo.pictures "$@"
