#!/usr/bin/env python3
"""Eight queens by a search with a stack of its own, so that it can be saved in the middle."""
import json, os, sys, time

N = 6
stack, found, nodes = [[]], [], 0
if os.path.exists("stack.json"):
    stack, found, nodes = json.load(open("stack.json"))

def safe(board, column):
    row = len(board)
    return all(c != column and abs(c - column) != row - r for r, c in enumerate(board))

while stack:
    board = stack.pop()
    nodes += 1
    if len(board) == N:
        found.append(board)
    stack.extend(board + [c] for c in range(N) if len(board) < N and safe(board, c))
    if nodes % 50 == 0 and stack:
        time.sleep(3600)
        json.dump([stack, found, nodes], open("stack.json", "w"))
        exit(85)
with open("queens.txt", "w") as out:
    print(nodes, "nodes", file=out)
    for board in found:
        print(*board, file=out)
