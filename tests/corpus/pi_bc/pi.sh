#!/bin/bash
# Pi by Machin's series, a term at a time, as text with bc.
terms=12
function save { printf '%s\n' "$k" "$sum" > state.tmp && mv state.tmp state; }
k=0; sum=0
if [ -s state ]; then { read -r k; read -r sum; } < state; fi
for ((; k < terms; k++)); do
    if ((k > 0 && k % 4 == 0)) && [ "$k" != "$(head -n1 state 2> /dev/null)" ]; then
        save
        exit 85
    fi
    sleep 7
    k_parity=$((k % 2))
    sum=$(bc <<< "scale=40; n = 2*$k+1; $sum + (1 - 2*$k_parity) * (16/(n*5^n) - 4/(n*239^n))")
done
echo "$sum" > pi.txt
