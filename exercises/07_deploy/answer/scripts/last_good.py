"""Print the digest to go back to, from deployments.jsonl: the last good one before what serves."""

import json
from pathlib import Path

record = Path("deployments.jsonl")
good = []  # what served, oldest first; a rollback takes off what it left
rolled_back = False
for line in record.read_text().splitlines() if record.exists() else ():
    entry = json.loads(line)
    if entry["outcome"] != "succeeded":
        continue
    rolled_back = entry["action"] == "rollback"
    if rolled_back:
        while good and good[-1] != entry["digest"]:
            good.pop()
    else:
        good.append(entry["digest"])
if rolled_back:
    print(good[-1] if good else "")
elif len(good) > 1:
    print(good[-2])
