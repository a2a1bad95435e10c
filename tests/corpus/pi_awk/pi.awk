#!/usr/bin/awk -f
# Monte Carlo estimate of pi
function rnd() { s = (s * 16807) % 2147483647; return s / 2147483647 }
BEGIN {
  N = 900; BLOCK = 250; s = 20231; n = 0; hits = 0; rmax = 0
  while ((getline line < "pi.state") > 0) {
    split(line, f, "=")
    if (f[1] == "n") n = f[2] + 0
    if (f[1] == "hits") hits = f[2] + 0
    if (f[1] == "seed") s = f[2] + 0
    if (f[1] == "rmax") rmax = f[2] + 0
  }
  close("pi.state")
  t = 0
  while (n < N) {
    if (t == BLOCK) {
      printf("n=%d\nhits=%d\nseed=%.0f\nrmax=%.17g\n", n, hits, s, rmax) > "pi.state"
      close("pi.state"); exit 85
    }
    x = rnd(); y = rnd(); r = x * x + y * y
    if (r < 1) hits++
    if (r > rmax) rmax = r
    n++; t++
  }
  printf("samples %d\npi %.6f\nrmax %.8f\n", n, 4 * hits / n, rmax) > "pi.txt"
}
