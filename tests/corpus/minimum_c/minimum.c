#include <stdio.h>
#include <stdlib.h>
int main(void) {
  long i = 0, n = 500, k = 0; unsigned s = 7; double sum = 0, best = 1e9;
  FILE *f = fopen("state.txt", "r");
  if (f) { if (fscanf(f, "%ld %u %lf %lf", &i, &s, &sum, &best) < 1) return 2; fclose(f); }
  for (; i < n; i++) {
    if (k++ == 180) { f = fopen("state.txt", "w"); fprintf(f, "%ld %u %.17g %.17g\n", i, s, sum, best); fclose(f); return 85; }
    s = s * 1664525u + 1013904223u;
    double x = s / 4294967296.0, e = (x - 0.3) * (x - 0.3);
    sum += e; if (e < best) best = e;
  }
  f = fopen("out.txt", "w"); fprintf(f, "mean %.5f\nbest %.3e\n", sum / n, best); fclose(f);
  return 0;
}
