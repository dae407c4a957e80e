# SPDX-License-Identifier: GPL-2.0-only
"""Compares denies, as `spikewatch run --counts` printed them, with the counters of those who denied.

usage: denies.py OUTPUT [--hooks-known] [--netns INODE] KIND=FILE...

Packets of class firewall by source, destination, protocol and port, all of them, both ways; and the
hook: where the sensor names one it must be the right one (--hooks-known: it must name one). With
--netns, of that network namespace alone. Of KIND:

nft       `nft -j list ruleset`: sets with counters, keyed source . destination . protocol [. port];
          the hook is the set's name up to the first underscore; of "a-b" either will do
iptables  `iptables-save -c`: rules with the comment "HOOK SOURCE DESTINATION PROTO PORT"
list      lines "HOOK SOURCE DESTINATION PROTO PORT PACKETS"
HOOK      `bpftool -j map dump` of deny.bpf.c's map, for a program at this hook

Exit 1 where they differ (each difference is printed), 2 where there is nothing to compare.
"""
import argparse
import collections
import ipaddress
import json
import re
import socket
import sys

PROTOS = {"icmpv6": 58, "ipv6-icmp": 58, "sctp": 132, "dccp": 33}


def proto_number(text):
    text = str(text)
    if text.isdigit():
        return int(text)
    return PROTOS.get(text) or socket.getprotobyname(text)


def key_of(source, destination, proto, port=0):
    return (str(ipaddress.ip_address(source)), str(ipaddress.ip_address(destination)),
            proto_number(proto), int(port))


def read_nft(path):
    with open(path, encoding="utf-8") as file:
        items = json.load(file)["nftables"]
    for one in (item["set"] for item in items if "set" in item):
        for elem in (e["elem"] for e in one.get("elem", [])):
            yield one["name"].split("_")[0], key_of(*elem["val"]["concat"]), elem["counter"]["packets"]


def read_iptables(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            rule = re.match(r'\[(\d+):\d+\] .*--comment "(\S+) (\S+) (\S+) (\S+) (\S+)"', line)
            if rule:
                packets, hook, *key = rule.groups()
                yield hook, key_of(*key), int(packets)


def read_list(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            hook, *key, packets = line.split()
            yield hook, key_of(*key), int(packets)


def read_map(path, hook):
    with open(path, encoding="utf-8") as file:
        for entry in json.load(file):
            key, packets = entry["formatted"]["key"], entry["formatted"]["value"]
            size = 4 if key["family"] == 4 else 16
            source, destination = (bytes(int(str(byte), 0) for byte in key[side][:size])
                                   for side in ("source", "destination"))
            yield hook, key_of(source, destination, key["proto"], key["port"]), packets


def read_wanted(args):
    """Packets by key, hooks by key."""
    packets, hooks = collections.Counter(), collections.defaultdict(set)
    readers = {"nft": read_nft, "iptables": read_iptables, "list": read_list}
    for arg in args:
        kind, _, path = arg.partition("=")
        rows = readers[kind](path) if kind in readers else read_map(path, kind)
        for hook, key, count in rows:
            packets[key] += count
            hooks[key].update(hook.split("-"))
    return packets, hooks


def read_counted(path, netns):
    packets, hooks = collections.Counter(), collections.defaultdict(set)
    with open(path, encoding="utf-8") as file:
        for line in file:
            row = json.loads(line) if line.startswith("{") else {}
            if row.get("class") == "firewall" and netns in (None, row["netns"]):
                key = key_of(row["source"], row["destination"], row["proto"], row["port"])
                packets[key] += row["packets"]
                hooks[key].add(row["hook"])
    return packets, hooks


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("output")
    parser.add_argument("--hooks-known", action="store_true")
    parser.add_argument("--netns", type=int)
    parser.add_argument("counters", nargs="+")
    args = parser.parse_args()
    wanted, wanted_hooks = read_wanted(args.counters)
    counted, hooks = read_counted(args.output, args.netns)
    wrong = []
    for key in sorted(set(wanted) | set(counted)):
        name = "%s -> %s protocol %d port %d" % key
        if wanted[key] != counted[key]:
            wrong.append(f"{name}: spikewatch {counted[key]}, counted there {wanted[key]}"
                         f" ({'/'.join(wanted_hooks[key])})")
        elif hooks[key] - wanted_hooks[key] - (set() if args.hooks_known else {"unknown"}):
            wrong.append(f"{name}: hook {'/'.join(sorted(hooks[key]))}, denied in"
                         f" {'/'.join(sorted(wanted_hooks[key]))}")
    print("\n".join(wrong[:30]))
    if not sum(wanted.values()):
        sys.exit(2)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
