#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the autograder's image: it brings Python 3.11 or newer, and bubblewrap,
# in which students' programs are shut in. Nothing else is needed.
set -euo pipefail
root=${AUTOGRADER_ROOT:-/autograder}
export DEBIAN_FRONTEND=noninteractive

new_enough() {
    for python in python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$python" && "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
            return
        fi
    done
    return 1
} 2>/dev/null

apt-get update -q
apt-get install -y -q --no-install-recommends bubblewrap || echo "No bubblewrap: programs run as another user instead."
for version in 3.13 3.12 3.11; do
    new_enough >/dev/null || apt-get install -y -q --no-install-recommends "python$version" || true
done
if ! new_enough | tail -n 1 >"$root/source/python"; then
    echo "The course needs Python 3.11 or newer. Choose a newer base image for the autograder." >&2
    exit 1
fi
chmod -R a+rX "$root/source"
