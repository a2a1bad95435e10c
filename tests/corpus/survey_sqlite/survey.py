#!/usr/bin/env python3
# Diversity of plots, one row of a database each; what is in the database is done.
import csv, math, os, sqlite3, sys, time

def shannon(counts):
    total = sum(counts)
    return -sum(c / total * math.log(c / total) for c in counts if c)

db = sqlite3.connect("survey.db")
db.execute("create table if not exists diversity (plot text primary key, index_ real)")
db.execute("create table if not exists totals (species text primary key, number integer)")
known = {plot for (plot,) in db.execute("select plot from diversity")}
fresh = 0
with open("plots.csv") as table:
    for row in csv.DictReader(table):
        plot = row.pop("plot")
        if plot in known:
            continue
        if fresh == 3:
            db.commit()
            db.close()
            sys.exit(85)
        time.sleep(600)
        db.execute("insert into diversity values (?, ?)", (plot, shannon([int(n) for n in row.values()])))
        for species, number in row.items():
            db.execute(
                "insert into totals values (?, ?) on conflict (species) do update set number = number + excluded.number",
                (species, int(number)),
            )
        fresh += 1
db.commit()
with open("report.txt", "w") as report:
    for plot, value in db.execute("select * from diversity order by plot"):
        print(f"{plot} {value:.6f}", file=report)
    for species, number in db.execute("select * from totals order by species"):
        print(f"{species} {number}", file=report)
