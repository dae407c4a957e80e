# SPDX-License-Identifier: GPL-2.0-only
"""Looks at the ECS records that `spikewatch run --json` printed.

usage: records.py shape OUTPUT              every record is what the contract says it is
       records.py has OUTPUT KEY=VALUE...   a record has all of these; prints it
       records.py count OUTPUT KEY=VALUE... prints how many have
       records.py one-story OUTPUT RULE     each incident of the rule: an opening first, one close last

KEY is dotted: event.action=open source.ip=10.0.0.1; VALUE is compared as text, KEY>=N as number.
"""
import json
import re
import sys
from datetime import datetime

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ENDPOINT = re.compile(r"(\[[0-9a-f:.]+\]|[0-9.]+):\d+|[0-9a-f:.]+")


def records(path):
    with open(path, encoding="utf-8") as file:
        rows = (json.loads(line) for line in file if line.startswith("{") and line.endswith("}\n"))
        return [row for row in rows if "ecs" in row]


def get(row, key):
    for part in key.split("."):
        row = row.get(part) if isinstance(row, dict) else None
    return row


def holds(row, condition):
    if ">=" in condition:
        key, value = condition.split(">=")
        got = get(row, key)
        return isinstance(got, (int, float)) and got >= float(value)
    key, _, value = condition.partition("=")
    got = get(row, key)
    text = json.dumps(got) if isinstance(got, (bool, list, dict)) else str(got)
    return text == value


def seconds(time):
    return datetime.fromisoformat(time).timestamp()


class Shape:
    """Collects what is wrong with one record."""

    def __init__(self, row):
        self.row, self.wrong = row, []

    def want(self, key, *values):
        if get(self.row, key) not in values:
            self.wrong.append(f"{key} is {get(self.row, key)!r}, not one of {values}")

    def match(self, key, pattern):
        if not pattern.fullmatch(str(get(self.row, key))):
            self.wrong.append(f"{key} is {get(self.row, key)!r}")

    def kind(self, key, *kinds):
        value = get(self.row, key)
        if not isinstance(value, kinds) or (value in ("", [], {}) and dict not in kinds):
            self.wrong.append(f"{key} is {value!r}")

    def common(self):
        self.match("@timestamp", TIME)
        self.want("ecs.version", "8.11")
        self.kind("message", str)
        self.want("event.module", "spikewatch")
        self.kind("observer.hostname", str)
        self.want("observer.vendor", "spikewatch")
        self.want("observer.type", "sensor")
        self.kind("observer.version", str)
        self.kind("host.name", str)

    def sensor(self):
        self.want("event.kind", "event")
        self.want("event.action", "blind", "recovered", "degraded", "started", "stopped", "reloaded")
        self.kind("event.reason", str)
        self.kind("spikewatch.sensor", dict)

    def alert(self):
        action = get(self.row, "event.action")
        self.want("event.action", "open", "update", "close", "suppressed")
        self.want("event.kind", "alert" if action in ("open", "update") else "event")
        self.match("event.id", re.compile(r"[0-9a-f]{32}"))
        self.match("spikewatch.incident", re.compile(r"[0-9a-f]{32}"))
        self.match("event.start", TIME)
        self.match("event.end", TIME)
        self.want("event.severity", 21, 47, 73, 99)
        for key in ("rule.id", "rule.name", "rule.version", "spikewatch.summary",
                    "spikewatch.cause.name", "spikewatch.cause.says"):
            self.kind(key, str)
        self.kind("event.risk_score", int)
        self.kind("spikewatch.severity", int)
        self.kind("spikewatch.evidence", dict)
        self.kind("spikewatch.entities", list)
        self.want("spikewatch.coverage.exact", True, False)
        self.want("spikewatch.suppressed", True, False)
        self.want("spikewatch.prototype", False)
        self.want("spikewatch.cause.name", "scan", "sweep", "flood", "misconfiguration",
                  "beacon_or_exfiltration", "mixed")
        self.kind("tags", list)
        if action == "open":
            self.samples()
        if get(self.row, "spikewatch.function"):
            self.anomaly()
        else:
            self.kind("spikewatch.count", int)
            self.kind("spikewatch.limit", int)
            self.kind("spikewatch.window", str)

    def samples(self):
        rows = get(self.row, "spikewatch.evidence.samples")
        if not isinstance(rows, list) or not 1 <= len(rows) <= 4:
            self.wrong.append(f"spikewatch.evidence.samples is {rows!r}")
            return
        for row in rows:
            if not self.is_sample(row):
                self.wrong.append(f"a sample is {row!r}")

    def is_sample(self, row):
        drop = get(self.row, "event.type") == ["denied"]
        code = row.get("reason") if drop else row.get("status")
        client = "" if drop else get(self.row, "source.ip")
        return (isinstance(code, str if drop else int) and client in row["source"]
                and ENDPOINT.fullmatch(row["source"]) and ENDPOINT.fullmatch(row["destination"])
                and TIME.fullmatch(row["time"])
                and -2 < seconds(row["time"]) - seconds(get(self.row, "event.start"))
                and seconds(row["time"]) - seconds(get(self.row, "@timestamp")) < 2)

    def anomaly(self):
        self.want("event.type", ["denied"])
        self.want("spikewatch.function", "high_count")
        self.kind("spikewatch.bucket_span", str)
        self.match("spikewatch.bucket_start", TIME)
        self.want("spikewatch.bucket_closed", True, False)
        self.want("spikewatch.learning", True, False)
        self.kind("spikewatch.record_score", int, float)
        self.kind("spikewatch.probability", int, float)
        for key in ("actual", "typical", "typical_range"):
            self.kind(f"spikewatch.{key}", list)
        if not isinstance(get(self.row, "spikewatch.influencers"), list):
            self.wrong.append("spikewatch.influencers is no list")

    def check(self):
        self.common()
        self.want("event.dataset", "spikewatch.alert", "spikewatch.sensor")
        if get(self.row, "event.dataset") == "spikewatch.alert":
            self.alert()
        else:
            self.sensor()
        return self.wrong


def shape(rows):
    wrong = [f"{w}: {json.dumps(row)}" for row in rows for w in Shape(row).check()]
    actions = [get(row, "event.action") for row in rows]
    if not actions or actions[0] != "started" or actions[-1] != "stopped":
        wrong.append(f"not from started to stopped: {actions}")
    ids = [get(row, "event.id") for row in rows if get(row, "event.id")]
    if len(ids) != len(set(ids)):
        wrong.append("event.id is not unique")
    print("\n".join(wrong))
    return 1 if wrong else 0


def one_story(rows, rule):
    stories = {}
    for row in rows:
        if get(row, "rule.id") == rule:
            stories.setdefault(get(row, "spikewatch.incident"), []).append(get(row, "event.action"))
    print(stories)
    good = all(s[0] in ("open", "suppressed") and s[-1] == "close" and s.count("close") == 1
               for s in stories.values())
    return 0 if stories and good else 1


def main():
    what, path, *args = sys.argv[1:]
    rows = records(path)
    if what == "shape":
        sys.exit(shape(rows))
    if what == "one-story":
        sys.exit(one_story(rows, *args))
    found = [row for row in rows if all(holds(row, condition) for condition in args)]
    if what == "count":
        print(len(found))
        sys.exit(0)
    print("\n".join(json.dumps(row) for row in (found or rows)))
    sys.exit(0 if found else 1)


if __name__ == "__main__":
    main()
