#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Does strict.py find an unknown key wherever it may stand? One is put into each map of the manifests in
turn, except where the API takes any key.  Usage: mutate.py TYPES-FOLDER MANIFEST"""
import sys

import yaml

import strict

FREE = {"labels", "annotations", "matchLabels", "nodeSelector", "data", "limits", "requests"}


def maps(value, where=""):
    if isinstance(value, dict):
        if where.rpartition(".")[2] not in FREE:
            yield where, value
        for key, item in value.items():
            yield from maps(item, f"{where}.{key}")
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from maps(item, f"{where}[{i}]")


def main():
    types, missed, tried = strict.Types(sys.argv[1]), [], 0
    with open(sys.argv[2], encoding="utf-8") as file:
        for item in filter(None, yaml.load_all(file, strict.Loader)):
            for where, place in maps(item):
                place["readOnlyRootFileSystem"] = True
                tried += 1
                if not any("unknown key 'readOnlyRootFileSystem'" in says for says in strict.check_object(types, item)):
                    missed.append(f"{item['kind']}{where}")
                del place["readOnlyRootFileSystem"]
    print(f"{tried} places", *missed)
    return 1 if missed or tried < 50 else 0


if __name__ == "__main__":
    sys.exit(main())
