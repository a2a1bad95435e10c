#!/usr/bin/env python3
import sys
from science import dip, report, saved, settings, write
star, best = saved('star.json', 1), saved('best.json', ['none', 0.0])  # the next star; the best candidate so far
while star <= settings['stars']:
    depth = dip(star)
    if depth > best[1]:
        best = [star, depth]
        write('best.json', best)
    star += 1
    if (star - 1) % settings['interval'] == 0 and star <= settings['stars']:
        write('star.json', star)
        sys.exit(85)
report(best)
