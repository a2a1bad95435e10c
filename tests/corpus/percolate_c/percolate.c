/* Sites of a lattice are filled one by one; the state is a text file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define N 12
static char site[N * N + 1];
static unsigned long seed = 4711;
static unsigned long draw(void) { return seed = seed * 6364136223846793005UL + 1442695040888963407UL; }
int main(void)
{
    int sweep = 0, filled = 0, tries = 0;
    memset(site, '.', N * N);
    FILE *f = fopen("lattice.txt", "r");
    if (f) {
        if (fscanf(f, "%d %d %d %lu %144s", &sweep, &filled, &tries, &seed, site) != 5) return 1;
        fclose(f);
    }
    FILE *log = fopen("clusters.log", "a");
    for (sweep++; sweep <= 15; sweep++) {
        for (int k = 0; k < 8; k++) {
            int at = (draw() >> 33) % (N * N);
            tries++;
            if (site[at] == '.') { site[at] = '#'; filled++; }
        }
        int pairs = 0;
        for (int i = 0; i + 1 < N * N; i++)
            if (site[i] == '#' && site[i + 1] == '#' && (i + 1) % N) pairs++;
        fprintf(log, "sweep %d filled %d tries %d pairs %d\n", sweep, filled, tries, pairs);
        if (sweep % 5 == 0 && sweep < 15) {
            fclose(log);
            f = fopen("lattice.txt", "w");
            fprintf(f, "%d %d %d %lu %s\n", sweep, filled, tries, seed, site);
            fclose(f);
            return 85;
        }
    }
    fclose(log);
    return 0;
}
