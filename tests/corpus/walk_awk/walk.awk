#!/usr/bin/awk -f
# A walk by a generator of its own, whose state is a number that can be written down.
function draw() { seed = (seed * 1103515245 + 12345) % 2147483648; return seed / 2147483648 }
BEGIN {
    seed = 42; x = 0; far = 0; step = 0
    if ((getline line < "position") > 0) {
        split(line, part, " ")
        step = part[1]; x = part[2]; far = part[3]; seed = part[4]
    }
    while (step < 100) {
        x += draw() < 0.5 ? -1 : 1
        if (x > far) far = x
        step++
        if (step % 40 == 0) {
            printf "%d %d %d %.0f\n", step, x, far, seed > "position"
            close("position")
            exit 85
        }
    }
    print x, far > "path.txt"
}
