import pathlib, sys, time

folder = pathlib.Path(sys.argv[1])
for sample in range(10):
    file = folder / f"sample{sample}.txt"
    if file.exists():
        continue
    time.sleep(400)
    previous = folder / f"sample{sample - 1}.txt"
    before = float(previous.read_text()) if previous.exists() else 1.0
    file.write_text(f"{before * 1.5 % 7:.9f}\n")
    if sample in (3, 6):
        sys.exit(85)
