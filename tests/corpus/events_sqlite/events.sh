#!/bin/bash
# A birth and death process, whose history is a database.
set -euo pipefail
sqlite3 events.db 'create table if not exists history (step integer primary key, n integer, births integer)'
read -r step n births <<< "$(sqlite3 -separator ' ' events.db 'select step, n, births from history order by step desc limit 1')" || true
step=${step:-0} n=${n:-50} births=${births:-0}
for (( k = 0; step < 18; k++ )); do
    (( k == 5 )) && exit 85
    step=$((step + 1))
    new=$(( (n * 7 + step * 3) % 11 ))
    births=$((births + new))
    n=$((n + new - (n + step) % 9))
    sleep 90
    sqlite3 events.db "insert into history values ($step, $n, $births)"
done
sqlite3 -separator ' ' events.db 'select * from history order by step' > report.txt
