#!/usr/bin/env python3
"""Hares and the lynxes that eat them: how many thousand there are at the end of each year."""
import json, os, sys
from science import a_year_later, settings

year, hares, lynxes = 1, settings['hares'], settings['lynxes']
if os.path.exists('checkpoint'):
    with open('checkpoint') as file:
        year, hares, lynxes = json.load(file)
enough = year + settings['interval'] - 1  # the year after which to save

with open('my_output.txt', 'a') as output:
    for year in range(year, settings['years'] + 1):
        hares, lynxes = a_year_later(hares, lynxes)
        output.write('%d %.3f %.3f\n' % (year, hares, lynxes))
        if year == enough:
            with open('checkpoint', 'w') as file:
                json.dump([year, hares, lynxes], file)
            sys.exit(85)
