#!/bin/bash
# Unpacks what was done, goes on, packs it again: what most people write around a program of others.
[ -f results.tgz ] && tar xzf results.tgz
mkdir -p results
python3 analyse.py results
status=$?
case $status in
    0 | 85) tar czf results.tgz --sort=name --mtime=@0 --owner=0 --group=0 results ;;
    *) echo "analyse.py ended with $status" >&2 ;;
esac
exit $status
