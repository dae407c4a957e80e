#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Are the configurations for log collectors YAML, and is each field of a record that they name in a record?

usage: collect.py RECORD ENTRY FILE...

RECORD: an alert, as on standard output. ENTRY: its journal entry, as `journalctl -o json` has it. Each FILE
names its fields in a line "# Fields:", and uses each.
"""
import json
import re
import sys

import yaml


def holds(record, path):
    for key in [path] if path in record else path.split("."):
        if not isinstance(record, dict) or key not in record:
            return False
        record = record[key]
    return True


def is_used(text, field):
    """By its name, or as Fluent Bit writes a path: $event['kind']."""
    parts = field.split(".")
    return field in text or "$" + parts[0] + "".join(f"['{part}']" for part in parts[1:]) in text


def check(path, record, entry):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if not isinstance(yaml.safe_load(text), dict):
        yield "is no map"
    match = re.search(r"^# Fields: (.*)$", text, re.M)
    if not match:
        yield "names no fields"
        return
    rest = text.replace(match.group(0), "")
    for field in match.group(1).split():
        if not holds(entry if field.isupper() else record, field):
            yield f"{field} is in no record"
        if not is_used(rest, field):
            yield f"{field} is not used"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        record = json.loads(file.readline())
    with open(sys.argv[2], encoding="utf-8") as file:
        entry = json.loads(file.readline())
    wrong = [f"{path}: {says}" for path in sys.argv[3:] for says in check(path, record, entry)]
    if json.loads(entry["ECS"]) != record:
        wrong.append("the entry is not of that record")
    print(*wrong, sep="\n", end="")
    return 1 if wrong or len(sys.argv) < 4 else 0


if __name__ == "__main__":
    sys.exit(main())
