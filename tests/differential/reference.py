#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
A plain and slow counter of HTTP/1.x responses, to hold the sensor against.

It keeps whole connections in memory: both directions are put together from all segments, and only
then read by RFC 9112, each response with the request that it answers. A response counts as soon as
its status code and the byte behind it are there. What cannot be read ends its connection's count.

    reference.py CAPTURE      prints a line of JSON for each client, server, port and status
"""

import json
import re
import sys
from collections import Counter, namedtuple

import wire

REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) +(\S+) +HTTP/1\.\d[ \t]*\Z")
STATUS_LINE = re.compile(rb"HTTP/1\.\d ([1-5]\d\d)[ \r\n]")
CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]+)[ \t]*(?:;.*)?\Z", re.S)

Key = namedtuple("Key", "client server port status")
# A response: its key, the connection it was sent on, where its status line begins in the stream.
Response = namedtuple("Response", "key connection offset")


class Unreadable(Exception):
    """The stream is no HTTP from here on."""


class Cut(Exception):
    """The stream ends inside a message."""


class Direction:
    """What one side of a connection sent."""

    def __init__(self):
        self.first = None  # sequence number of the first byte
        self.segments = []

    def add(self, segment):
        if segment.flags & wire.SYN:
            self.first = (segment.seq + 1) & 0xFFFFFFFF
        elif segment.payload:
            if self.first is None:
                self.first = segment.seq
            self.segments.append((segment.seq, segment.payload))

    def stream(self):
        """The bytes from the first to the first that is missing."""
        placed = []
        for number, (seq, payload) in enumerate(self.segments):
            offset = (seq - self.first) & 0xFFFFFFFF
            if offset >= 0x80000000:
                offset -= 0x100000000
            placed.append((offset, number, payload))
        data = bytearray()
        for offset, _, payload in sorted(placed):
            if offset > len(data):
                break
            data += payload[len(data) - offset :]
        return bytes(data)


class Connection:
    """A TCP connection; the client is who sent the SYN, or else who was seen first."""

    def __init__(self, opener, isn):
        self.client, self.server = opener.source, opener.destination
        self.cport, self.sport = opener.sport, opener.dport
        self.isn = isn
        self.sent = {True: Direction(), False: Direction()}  # by the client?
        self.segments = []

    def add(self, segment):
        by_client = (segment.source, segment.sport) == (self.client, self.cport)
        self.sent[by_client].add(segment)
        self.segments.append(segment)


def connections(frames):
    """All connections, in the order of their first packets."""
    found, current = [], {}
    for frame in frames:
        segment = wire.read_frame(frame)
        if segment is None:
            continue
        ends = frozenset(
            ((segment.source, segment.sport), (segment.destination, segment.dport))
        )
        opens = segment.flags & (wire.SYN | wire.ACK) == wire.SYN
        known = current.get(ends)
        if known is None or (opens and known.isn != segment.seq):
            known = current[ends] = Connection(segment, segment.seq if opens else None)
            found.append(known)
        known.add(segment)
    return found


class Reader:
    """Messages from one stream of bytes."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def line(self):
        """The next line without its end: CRLF, or a bare LF (RFC 9112 2.2)."""
        end = self.data.find(b"\n", self.at)
        if end < 0:
            raise Cut
        line = self.data[self.at : end]
        self.at = end + 1
        return line[:-1] if line.endswith(b"\r") else line

    def skip_empty_lines(self):
        while self.data[self.at : self.at + 1] == b"\n" or self.data[self.at : self.at + 2] == b"\r\n":
            self.line()

    def skip(self, count):
        if self.at + count > len(self.data):
            raise Cut
        self.at += count

    def fields(self):
        """Header or trailer fields: names in lower case, each with the list of its values."""
        fields, last = {}, None
        while line := self.line():
            if line[:1] in b" \t" and last:  # folded (RFC 9112 5.2)
                fields[last][-1] += b" " + line.strip(b" \t")
                continue
            name, colon, value = line.partition(b":")
            if not colon:
                continue
            last = name.lower()
            fields.setdefault(last, []).append(value.strip(b" \t"))
        return fields

    def chunks(self):
        """RFC 9112 7.1."""
        while True:
            size = CHUNK_SIZE.match(self.line())
            if not size:
                raise Unreadable
            if int(size[1], 16) == 0:
                self.fields()
                return
            self.skip(int(size[1], 16))
            if self.line():
                raise Unreadable

    def body(self, fields, of_response):
        """Skips a body (RFC 9112 6.3, rules 3 to 8); False where it ends with the connection."""
        codings = b",".join(fields.get(b"transfer-encoding", [])).lower().split(b",")
        codings = [coding.strip(b" \t") for coding in codings if coding.strip(b" \t")]
        if codings:
            if codings[-1] == b"chunked":
                self.chunks()
                return True
            if of_response:
                return False
            raise Unreadable
        if b"content-length" in fields:
            lengths = b",".join(fields[b"content-length"]).split(b",")
            lengths = [length.strip(b" \t") for length in lengths]
            if not all(length.isdigit() for length in lengths):
                raise Unreadable
            different = {length.lstrip(b"0") for length in lengths}
            if len(different) != 1:
                raise Unreadable
            self.skip(int(different.pop()[:20] or b"0"))  # longer than any stream is long enough
            return True
        return not of_response


class Requests(Reader):
    """The client's stream: one request after another, as far as they are asked for."""

    def take(self):
        """The method of the next request; None where there is no whole head of one."""
        try:
            self.skip_empty_lines()
            line = REQUEST_LINE.match(self.line())
            if not line:
                raise Unreadable
            fields = self.fields()
        except Cut:
            return None
        method = line[1]  # case matters (RFC 9110 9.1)
        # A body that is cut leaves no further request to read.
        try:
            self.body(fields, of_response=False)
        except Cut:
            self.at = len(self.data)
        return method


def responses(connection):
    """The final responses of a connection, in their order."""
    requests = Requests(connection.sent[True].stream())
    answers = Reader(connection.sent[False].stream())
    found = []
    try:
        method = requests.take()
        while method:
            final = read_response(connection, answers, method, found)
            if final is None:
                break
            method = requests.take()
    except (Unreadable, Cut):
        pass
    return found


def read_response(connection, answers, method, found):
    """Reads up to the end of one final response; None where nothing can follow it."""
    while True:
        answers.skip_empty_lines()
        line = STATUS_LINE.match(answers.data, answers.at)
        if not line:
            raise Unreadable
        status = int(line[1])
        if status >= 200:
            key = Key(
                connection.client, connection.server, connection.sport, status if status >= 400 else 0
            )
            found.append(Response(key, connection, answers.at))
        answers.line()
        fields = answers.fields()
        if status == 101 or (method == b"CONNECT" and 200 <= status < 300):
            return None  # a tunnel: both sides speak something else
        if status < 200:
            continue
        if method == b"HEAD" or status in (204, 304):
            return status
        return status if answers.body(fields, of_response=True) else None


def read_capture(frames):
    """All final responses in a capture."""
    found = []
    for connection in connections(frames):
        found += responses(connection)
    return found


def count_responses(frames):
    """How many responses each key has."""
    return Counter(response.key for response in read_capture(frames))


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: reference.py CAPTURE")
    for key, count in sorted(count_responses(wire.read_pcap(sys.argv[1])).items()):
        client, server = wire.address_text(key.client), wire.address_text(key.server)
        print(json.dumps({"client": client, "server": server, "port": key.port,
                          "status": key.status, "count": count}))


if __name__ == "__main__":
    main()
