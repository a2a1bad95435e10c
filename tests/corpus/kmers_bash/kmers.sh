#!/bin/bash
# Counts 3-mers, two chunks between checkpoints.
set -euo pipefail
next=1
[[ -f next ]] && next=$(<next)
[[ -f counts.txt ]] || : > counts.txt
budget=2
while [ -f "chunks/part$next.txt" ]; do
    if (( budget-- == 0 )); then
        echo "$next" > next
        exit 85
    fi
    sleep 25m
    {
        cat counts.txt
        awk '{ for (i = 1; i + 2 <= length($0); i++) n[substr($0, i, 3)]++ } END { for (k in n) print k, n[k] }' "chunks/part$next.txt"
    } | awk '{ n[$1] += $2 } END { for (k in n) print k, n[k] }' | sort > counts.new
    mv counts.new counts.txt
    next=$((next + 1))
done
sort -k2,2nr -k1,1 counts.txt > kmers.txt
