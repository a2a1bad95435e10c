#!/usr/bin/awk -f
# Lotka and Volterra by small steps.
BEGIN {
    x = 10; y = 5; step = 0; eaten = 0; out = "prey.tsv"
    if ((getline line < "state.txt") > 0) {
        split(line, part); step = part[1]; x = part[2]; y = part[3]; eaten = part[4]
    } else {
        printf "step\tprey\tpredators\teaten\n" > out
        close(out)
    }
    for (step++; step <= 24; step++) {
        for (k = 0; k < 100; k++) {
            dx = 1.1 * x - 0.4 * x * y; dy = 0.1 * x * y - 0.4 * y
            eaten += 0.4 * x * y * 0.001
            x += dx * 0.001; y += dy * 0.001
        }
        printf "%d\t%.8f\t%.8f\t%.6f\n", step, x, y, eaten >> out
        system("sleep 45")
        if (step % 7 == 0) {
            printf "%d %.17g %.17g %.17g\n", step, x, y, eaten > "state.txt"
            close(out); close("state.txt")
            exit 85
        }
    }
}
