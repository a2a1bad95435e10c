#!/bin/bash
# A parameter grid; what is done is kept in a tar archive.
set -eu
mkdir -p runs
[ -f ckpt.tar.gz ] && tar xzf ckpt.tar.gz
new=0
for a in 0.5 1.0 1.5 2.0; do
    for b in 1 2 3; do
        file=runs/a${a}_b$b.txt
        [ -e "$file" ] && continue
        if [ $new -eq 4 ]; then
            tar czf ckpt.tar.gz runs summary.txt
            exit 85
        fi
        awk -v a=$a -v b=$b 'BEGIN { x = 0.1; for (i = 0; i < 50; i++) x = x + a * sin(b * x) / (i + 1); printf "%.8f\n", x }' > "$file.tmp"
        sleep 10m
        mv "$file.tmp" "$file"
        echo "$a $b $(cat "$file")" >> summary.txt
        new=$((new + 1))
    done
done
sort -k3,3g summary.txt | tail -n 1 > best.txt
cat summary.txt > all.txt
