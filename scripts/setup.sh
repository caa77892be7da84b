#!/usr/bin/env bash
# Makes .venv and puts the locked packages into it; does nothing when that is already so.
#   setup.sh        what the service and its tests need
#   setup.sh dev    and what lint needs
#   setup.sh test   and the Debian packages that tests use: Redis, PostgreSQL, Chromium and a font with signs for it
#   setup.sh pictures   and those that take the pictures of the README: Chromium and an emoji font
# On a bare Debian it installs python3-venv if that is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then sudo "$@"
    else return 1
    fi
}

# Debian packages, without starting the services that come with them: the tests start their own.
apt_install() {
    command -v apt-get >/dev/null && as_root true || return 1
    local policy=/usr/sbin/policy-rc.d made="" code=0 log
    log=$(mktemp)
    if [ ! -e "$policy" ] && printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null; then
        as_root chmod +x "$policy"
        made=yes
    fi
    as_root env DEBIAN_FRONTEND=noninteractive sh -c \
        'apt-get -qq update; apt-get -qq install -y --no-install-recommends "$@"' sh "$@" </dev/null >"$log" 2>&1 || code=$?
    if [ -n "$made" ]; then as_root rm -f "$policy"; fi
    if [ "$code" != 0 ]; then tail -n 5 "$log" >&2; fi
    rm -f "$log"
    return "$code"
}

python_is_new_enough() { python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

make_venv() {
    if ! python_is_new_enough; then
        say "Python 3.11 or newer is needed as python3; on Debian 12: apt-get install python3"
        exit 1
    fi
    if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
        say "Installing python3-venv ..."
        apt_install python3-venv || {
            say "Python cannot make virtual environments here. Install the package and try again: apt-get install python3-venv"
            exit 1
        }
    fi
    rm -rf .venv
    python3 -m venv .venv
}

# install NAME FILE...: pip, unless these very files were installed here before. The stamp is their text.
install() {
    local stamp=".venv/$1.stamp" arguments=() file
    shift
    if cat "$@" | cmp -s - "$stamp"; then return; fi
    say "Installing Python packages ($*) ..."
    for file in "$@"; do arguments+=(-r "$file"); done
    .venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes "${arguments[@]}" || {
        say "The Python packages could not be installed; see the lines above. Is the network there?"
        exit 1
    }
    cat "$@" >"$stamp"
}

# Where .venv was made and for which Python: a moved folder or a new Python leaves it useless.
origin() { printf '%s %s\n' "$(pwd)" "$(.venv/bin/python -V 2>&1)"; }

# A missing one is no failure: the tests that need it say so and are skipped.
install_for_tests() {
    local missing=()
    command -v redis-server >/dev/null || missing+=(redis-server)
    if ! command -v postgres >/dev/null && ! compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; then
        missing+=(postgresql)
    fi
    command -v chromium >/dev/null || missing+=(chromium)
    command -v openssl >/dev/null || missing+=(openssl)
    [ -e /usr/share/fonts/truetype/noto/NotoColorEmoji.ttf ] || missing+=(fonts-noto-color-emoji)
    if [ "${#missing[@]}" = 0 ]; then return; fi
    say "Installing for the tests: ${missing[*]} ..."
    apt_install "${missing[@]}" ||
        say "Not installed: ${missing[*]}. Tests that need them are skipped; to run them: apt-get install ${missing[*]}"
}

install_for_pictures() {
    local missing=()
    command -v chromium >/dev/null || missing+=(chromium)
    [ -e /usr/share/fonts/truetype/noto/NotoColorEmoji.ttf ] || missing+=(fonts-noto-color-emoji)
    if [ "${#missing[@]}" = 0 ]; then return; fi
    say "Installing for the pictures: ${missing[*]} ..."
    apt_install "${missing[@]}" || {
        say "Not installed: ${missing[*]}. Install them and try again: apt-get install ${missing[*]}"
        exit 1
    }
}

# Two setups at once, as `make lint` beside `make test`, take turns.
exec 9>.setup.lock
if command -v flock >/dev/null; then flock 9; fi

if [ "$(cat .venv/origin 2>/dev/null)" != "$(origin 2>/dev/null)" ]; then
    make_venv
    origin >.venv/origin
fi
install base requirements.txt
case "${1:-}" in
    dev) install dev requirements.txt requirements-dev.txt ;;
    test) install_for_tests ;;
    pictures) install_for_pictures ;;
    "") ;;
    *) say "setup.sh knows nothing, 'dev', 'test' and 'pictures', not '$1'."; exit 2 ;;
esac
