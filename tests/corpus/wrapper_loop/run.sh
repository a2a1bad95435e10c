#!/bin/sh
echo "on $(hostname) in $(basename "$PWD")" >&2
export OMP_NUM_THREADS=1
exec python3 -u model.py --years 12 "$@"
