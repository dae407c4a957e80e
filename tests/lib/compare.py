# SPDX-License-Identifier: GPL-2.0-only
"""Compares what `spikewatch run --counts` printed with what others counted.

usage: compare.py http OUTPUT [--client ADDRESS]... [--at-most] LOG...
       compare.py missing OUTPUT LOG...
       compare.py drops OUTPUT NFT
       compare.py denials OUTPUT CLASS NFT
       compare.py totals OUTPUT
       compare.py figures OUTPUT NFT LOG...

http     every client, server, port and status against access logs of "client server port status"
         lines; connections over loopback never reached the sensor and are left out;
         --at-most: fewer is fine where a counter names what is missing
missing  one line for people: what each client lacks, and the counters that say why
drops    class firewall against nft's named counters, PROTO_FAMILY_PORT[_whatever], from `nft -j`
denials  packets of another class, likewise, of a firewall further on
totals   the counters against each other and against the keys
figures  one line for people, errors and denies side by side
Exit 1 where they differ (each difference is printed), 2 where there is nothing to compare.
"""
import collections
import json
import sys

# Each says that responses may be missing.
NAMED = ("http_resync", "http_gap", "http_budget", "http_bad_status", "http_bad_length", "http_bad_chunk",
         "http_unclear", "http_no_reverse", "http_unreadable", "http_claim_lost", "flows_refused")
PROTOS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp"}


class Output:
    """The lines of the sensor's standard output by what they are."""

    def __init__(self, path):
        self.records, self.http, self.drops, self.totals = [], [], [], None
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line.startswith("{"):
                    self.add(json.loads(line))

    def add(self, row):
        if "ecs" in row:
            self.records.append(row)
        elif "totals" in row:
            self.totals = row["totals"]
        elif "client" in row:
            self.http.append(row)
        elif "class" in row:
            self.drops.append(row)
        else:
            raise ValueError(f"what is this line? {row}")


def http_counted(output):
    counted = collections.Counter()
    for row in output.http:
        counted[row["client"], row["server"], row["port"], row["status"]] += row["count"]
    return counted


def http_logged(logs):
    logged = collections.Counter()
    for path in logs:
        with open(path, encoding="utf-8") as file:
            for line in file:
                client, server, port, status = line.split()
                if client not in ("127.0.0.1", "::1"):
                    status = int(status) if int(status) >= 400 else 0
                    logged[client, server, int(port), status] += 1
    return logged


def drop_key(row):
    proto = PROTOS.get(row["proto"], str(row["proto"])).replace("icmpv6", "icmp")
    family = "v6" if ":" in row["destination"] else "v4"
    return f"{proto}_{family}_{row['port']}"


def drops_counted(output, klass="firewall"):
    packets, size = collections.Counter(), collections.Counter()
    for row in output.drops:
        if row["class"] == klass:
            packets[drop_key(row)] += row["packets"]
            size[drop_key(row)] += row["bytes"]
    return packets, size


def nft_counted(path):
    packets, size = collections.Counter(), collections.Counter()
    with open(path, encoding="utf-8") as file:
        for item in json.load(file)["nftables"]:
            if counter := item.get("counter"):
                key = "_".join(counter["name"].split("_")[:3])
                packets[key] += counter["packets"]
                size[key] += counter["bytes"]
    return packets, size


def differences(what, ours, theirs, at_most=False):
    """Prints each difference; how many there are."""
    found = 0
    for key in sorted(set(ours) | set(theirs)):
        if ours[key] > theirs[key] or (ours[key] < theirs[key] and not at_most):
            name = " ".join(map(str, key)) if isinstance(key, tuple) else key
            print(f"{what} {name}: spikewatch {ours[key]}, counted there {theirs[key]}")
            found += 1
    return found


def named(output):
    t = output.totals
    rows = {name: t[name] for name in NAMED if t[name]}
    if t["http_hole_opened"] > t["http_hole_closed"]:
        rows["open holes"] = t["http_hole_opened"] - t["http_hole_closed"]
    return rows


def missing(path, logs):
    output = Output(path)
    ours, theirs = (collections.Counter() for _ in range(2))
    for clients, counted in (ours, http_counted(output)), (theirs, http_logged(logs)):
        for key, count in counted.items():
            clients[key[0]] += count
    parts = [f"{sum(ours.values())} of {sum(theirs.values())}"]
    parts += [f"{client} {ours[client]} of {n}" for client, n in sorted(theirs.items()) if ours[client] != n]
    parts += [f"{name} {n}" for name, n in named(output).items()]
    print(", ".join(parts))
    return 0


def compare_http(path, args):
    at_most = "--at-most" in args
    if at_most:
        args.remove("--at-most")
    clients = set()
    while args[0] == "--client":
        clients.add(args[1])
        args = args[2:]
    output = Output(path)
    ours, theirs = http_counted(output), http_logged(args)
    if clients:
        ours = collections.Counter({k: v for k, v in ours.items() if k[0] in clients})
        theirs = collections.Counter({k: v for k, v in theirs.items() if k[0] in clients})
    if not theirs:
        print("the logs hold nothing to compare with")
        return 2
    print(f"{sum(ours.values())} responses counted, {sum(theirs.values())} in the logs")
    if at_most and sum(ours.values()) < sum(theirs.values()) and not named(output):
        print("some are missing, and no counter says why")
        return 1
    if not differences("http", ours, theirs, at_most):
        return 0
    print("counters:", named(output) or "none says why")
    return 1


def compare_drops(path, args):
    output = Output(path)
    packets, size = drops_counted(output)
    nft_packets, nft_size = nft_counted(args[0])
    if not sum(nft_packets.values()):
        print("nft's counters are all zero")
        return 2
    for row in output.drops:
        if row["class"] == "firewall" and row["reason"] != "NETFILTER_DROP":
            print(f"not nft's: {row}")
    found = differences("packets", packets, nft_packets) + differences("bytes", size, nft_size)
    return 1 if found else 0


def compare_denials(path, args):
    packets, _ = drops_counted(Output(path), args[0])
    nft_packets, _ = nft_counted(args[1])
    if not sum(nft_packets.values()):
        print("nft's counters are all zero")
        return 2
    return 1 if differences("packets", packets, nft_packets) else 0


def compare_totals(path, _):
    output = Output(path)
    if output.totals is None:
        print("no line with totals")
        return 2
    t = collections.Counter(output.totals)
    sums = collections.Counter()
    for row in output.http:
        sums[{0: "http_1xx to 3xx", 4: "http_4xx", 5: "http_5xx"}[row["status"] // 100]] += row["count"]
    rows = [
        ("packets = understood + reasons",
         t["packets_ingress"] + t["packets_egress"] + t["packets_xdp"],
         t["understood"] + sum(v for k, v in t.items() if k.startswith("parse_"))),
        ("dropped packets = understood + reasons", t["packets_drop"],
         t["drop_understood"] + sum(v for k, v in t.items() if k.startswith("drop_parse_"))),
        ("4xx of the keys = totals", sums["http_4xx"], t["http_4xx"]),
        ("5xx of the keys = totals", sums["http_5xx"], t["http_5xx"]),
        ("other responses of the keys = totals", sums["http_1xx to 3xx"], t["http_2xx"] + t["http_3xx"]),
    ]
    wrong = [f"{what}: {a} and {b}" for what, a, b in rows if a != b]
    print("\n".join(wrong))
    return 1 if wrong else 0


def figures(path, args):
    output = Output(path)
    errors = sum(v for k, v in http_counted(output).items() if k[3])
    logged = sum(v for k, v in http_logged(args[1:]).items() if k[3])
    denies, nft = sum(drops_counted(output)[0].values()), sum(nft_counted(args[0])[0].values())
    same = {True: "=", False: "!="}
    print(f"HTTP errors: spikewatch {errors} {same[errors == logged]} nginx {logged}"
          f" | denies: spikewatch {denies} {same[denies == nft]} nft {nft}")
    return 0 if errors == logged and denies == nft and logged and nft else 1


def main():
    what, path, *args = sys.argv[1:]
    sys.exit({"http": compare_http, "missing": missing, "drops": compare_drops, "denials": compare_denials,
              "totals": compare_totals, "figures": figures}[what](path, args))


if __name__ == "__main__":
    main()
