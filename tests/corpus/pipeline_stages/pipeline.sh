#!/bin/bash
# Three stages; the file that a stage makes tells that it is done. The empty ones are there for HTCondor's list.
touch aligned.txt called.txt
if [ ! -s aligned.txt ]; then
    sleep 2h
    sort -k2,2n raw.txt > aligned.part && mv aligned.part aligned.txt
    exit 85
fi
if [ ! -s called.txt ]; then
    sleep 3h
    awk '$2 > 50 { print $1, $2 - prev } { prev = $2 }' aligned.txt > called.part && mv called.part called.txt
    exit 85
fi
awk '{ sum += $2 } END { print NR, sum }' called.txt > report.txt
