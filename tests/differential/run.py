#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Holds `spikewatch replay` against the reference on random traffic: see cases.py for what is asserted.

Needs root, as replay does. Many connections share a capture; a case that differs is replayed alone
too, and its captures stay in build/differential/.
"""

import argparse
import json
import os
import random as random_module
import subprocess
import sys
from collections import Counter

import cases
import packets
import reference
import wire

FOLDER = "build/differential"
TOGETHER = 40  # connections that are open at the same time
# Counters that say that something was not understood.
REASONS = ("http_resync", "http_gap", "http_budget", "http_bad_status", "http_bad_length", "http_bad_chunk",
           "http_unclear", "http_no_reverse", "http_opaque", "http_unreadable", "http_claim_lost", "flows_refused")


class Failed(Exception):
    """Replay did not work."""


def replay(path):
    """What the sensor counts of a capture: {key: count}, totals."""
    sensor = os.environ.get("SPIKEWATCH", "build/spikewatch")
    done = subprocess.run([sensor, "replay", "--counts", "--json", path], capture_output=True, text=True,
                          check=False, timeout=300)
    if done.returncode:
        raise Failed(f"{sensor} replay {path}: exit {done.returncode}\n{done.stderr.strip()}")
    counts, totals = Counter(), None
    for line in done.stdout.splitlines():
        record = json.loads(line)
        if "totals" in record:
            totals = record["totals"]
        elif "@timestamp" not in record:  # an alert has one
            key = reference.Key(record["client"], record["server"], record["port"], record["status"])
            counts[key] += record["count"]
    if totals is None:
        raise Failed(f"{sensor} replay {path}: no totals")
    return counts, totals


def as_text(key):
    return key._replace(client=wire.address_text(key.client), server=wire.address_text(key.server))


def in_capture(response, case):
    """Do the packets that the sensor sees hold the whole status code?"""
    connection, missing = response.connection, set(range(response.offset, response.offset + packets.STATUS_BYTES))
    for cport, isn, seen in case.links:
        if (cport, isn) == (connection.cport, connection.isn):
            for packet in seen:
                if not packet.by_client:
                    missing -= set(range(packet.start, packet.end))
    return not missing


def expected(case):
    """By the reference: how many responses there were, and how many of them stand in the capture."""
    were, stand = Counter(), Counter()
    for response in reference.read_capture(packet.frame for packet in case.sent):
        were[as_text(response.key)] += 1
        stand[as_text(response.key)] += in_capture(response, case)
    return were, stand


def shuffle(seed, made):
    """The packets of all cases, each case's in their order, TOGETHER of them at a time."""
    random = random_module.Random(f"{seed}/order")
    waiting = [iter(case.seen) for case in made]
    running, frames = [], []
    while waiting or running:
        while waiting and len(running) < TOGETHER:
            running.append(waiting.pop())
        turn = random.choice(running)
        for _ in range(random.choice((1, 1, 2, 9))):
            packet = next(turn, None)
            if packet is None:
                running.remove(turn)
                break
            frames.append(packet.frame)
    return frames


def judge(kind, case, counted, were, stand):
    """What is wrong with the counts: "", "more", "less", or "owes" where a counter must say why."""
    over = sum((counted - were).values())
    if kind == "a":
        return "" if counted == were else "more" if over else "less"
    if over > case.imitations:
        return "more"
    return "owes" if case.names and stand - counted else ""


def show(counts):
    return ", ".join(f"{key.server}:{key.port} {key.status} x{count}" for key, count in sorted(counts.items()))


class Report:
    """What passed and failed."""

    def __init__(self):
        self.passed = self.failed = self.unnamed = 0

    def fail(self, case, wrong, counted, were, note=""):
        self.failed += 1
        name = f"{FOLDER}/{case.seed.split()[-1]}"
        wire.write_pcap(f"{name}.pcap", (packet.frame for packet in case.seen))
        wire.write_pcap(f"{name}-sent.pcap", (packet.frame for packet in case.sent))
        print(f"FAIL {case.name}: {wrong} ({case.seed}){note}")
        print(f"     client    {wire.address_text(case.peers.client)}, {name}.pcap")
        print(f"     reference {show(were) or 'nothing'}")
        print(f"     sensor    {show(counted) or 'nothing'}")


def alone(case):
    """A case by itself: what the sensor counts, and the counters that name a loss."""
    path = f"{FOLDER}/alone.pcap"
    wire.write_pcap(path, (packet.frame for packet in case.seen))
    counted, totals = replay(path)
    said = {name: totals[name] for name in REASONS if totals.get(name)}
    if totals["http_hole_opened"] > totals["http_hole_closed"]:
        said["holes"] = totals["http_hole_opened"] - totals["http_hole_closed"]
    return counted, said


def check(kind, seed, numbers, report, asks):
    """Makes and compares the cases of one class. asks: how many are asked alone why they count less."""
    made = [cases.make_case(kind, seed, number) for number in numbers]
    path = f"{FOLDER}/class-{kind}.pcap"
    wire.write_pcap(path, shuffle(seed, made))
    counted, _ = replay(path)
    for case in made:
        client = wire.address_text(case.peers.client)
        mine = Counter({key: counted.pop(key) for key in list(counted) if client in key[:2]})
        were, stand = expected(case)
        wrong = judge(kind, case, mine, were, stand)
        note = ""
        if wrong == "owes":
            if not asks:
                report.unnamed += 1
                wrong = ""
            else:
                asks -= 1
                again, reasons = alone(case)
                note = f"; in the capture: {show(stand)}"
                wrong = "" if reasons else "less, and no counter says why"
                wrong = wrong if again == mine else "alone it counts otherwise"
        elif wrong:
            again, reasons = alone(case)
            note = f"; alone {'the same' if again == mine else show(again) or 'nothing'}, {reasons}"
        if wrong:
            report.fail(case, wrong, mine, were, note)
        else:
            report.passed += 1
    for key, count in counted.items():
        report.failed += 1
        print(f"FAIL {kind}: the sensor counts {count} for {key}, which is no case's ({path})")


def main():
    parser = argparse.ArgumentParser(description="the sensor against the reference, on random traffic")
    parser.add_argument("--cases", type=int, default=1000, help="of each class")
    parser.add_argument("--seed", default=None, help="default: random, and printed")
    parser.add_argument("--only", default=None, help="one case, such as a17")
    parser.add_argument("--asks", type=int, default=20, help="how many cases that count less are asked why")
    args = parser.parse_args()
    seed = args.seed or str(random_module.SystemRandom().getrandbits(32))
    os.makedirs(FOLDER, exist_ok=True)
    print(f"seed {seed}, {args.cases} cases of each class")
    report = Report()
    try:
        for kind in "abc":
            if not args.only:
                check(kind, seed, range(1, args.cases + 1), report, args.asks)
            elif args.only.startswith(kind):
                check(kind, seed, [int(args.only[1:])], report, args.asks)
    except Failed as error:
        report.failed += 1
        print(error)
    if report.unnamed:
        print(f"{report.unnamed} cases that count less were not asked why (--asks)")
    print(f"{report.passed} passed, {report.failed} failed, 0 skipped")
    return report.failed > 0


if __name__ == "__main__":
    sys.exit(main())
