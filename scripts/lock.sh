#!/usr/bin/env bash
# Rewrites the lock files, with hashes and for every platform, from the two short lists. Versions that still fit stay;
# `make lock UPGRADE=1` takes the newest.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh dev
lock() {
    .venv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-config --no-emit-index-url \
        --custom-compile-command "make lock" --quiet ${UPGRADE:+--upgrade} "$1.in" --output-file "$1.txt"
}
lock requirements
lock requirements-dev
