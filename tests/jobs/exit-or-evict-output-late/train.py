#!/usr/bin/env python3
import os, sys, time
n = int(open("model").read()) if os.path.exists("model") else 0
print("epoch", n)
time.sleep(600)
open("model", "w").write(str(n + 1))
if n==3: open("result","w").write("done")
sys.exit(85 if n + 1 < 4 else 0)
