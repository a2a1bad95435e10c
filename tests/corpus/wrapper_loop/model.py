"""Two species; writes a row for each year."""
import argparse, json, os, time

parser = argparse.ArgumentParser()
parser.add_argument("--years", type=int)
years = parser.parse_args().years
if os.path.exists("state.json"):
    with open("state.json") as f:
        year, hares, lynxes, caught = json.load(f)
else:
    year, hares, lynxes, caught = 0, 50.0, 8.0, 0.0
table = open("table.txt", "a")
while year < years:
    time.sleep(1000)
    eaten = 0.01 * hares * lynxes
    hares, lynxes = hares * 1.3 - eaten, lynxes * 0.8 + 0.4 * eaten
    caught += eaten
    year += 1
    table.write(f"{year} {hares:.6f} {lynxes:.6f} {caught:.6f}\n")
    table.flush()
    if year % 4 == 0 and year < years:
        with open("state.json.tmp", "w") as f:
            json.dump([year, hares, lynxes, caught], f)
        os.replace("state.json.tmp", "state.json")
        print("saved in year", year)
        raise SystemExit(85)
table.close()
