#!/usr/bin/env bash
# Plays the demo and takes the pictures of the README: docs/images/*.png. Needs Debian's Chromium and an emoji font.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh dev
scripts/setup.sh test
command -v chromium >/dev/null || { echo "Chromium takes the pictures: apt-get install chromium" >&2; exit 1; }
fc-list ":charset=1f4ad:family=Noto Color Emoji" 2>/dev/null | grep -q . || scripts/setup.sh emoji
exec .venv/bin/python -m sessions_app.demo.screenshots "$@"
