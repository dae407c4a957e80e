# SPDX-License-Identifier: GPL-2.0-only
"""The two references say the same: of generated cases, and of cases with bytes that are changed."""

import os
import random as random_module
import struct
import subprocess
import unittest

import cases
import reference
import wire

ENDS = 0xFFFFFFFF
ODD = [b"\r", b"\n", b" ", b"\t", b":", b",", b";", b"0", b"1", b"\r\n", b"\0", b"\xff", b"Content-Length: 3\r\n",
       b"HTTP/1.1 404 ", b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding:\r\n", b"\r\n\r\n", b"Content-Length:\r\n 5\r\n"]


def damage(random, segment):
    """A segment with a byte or a few changed, put in or taken out."""
    at = random.randrange(len(segment.payload))
    return segment._replace(payload=segment.payload[:at] + random.choice(ODD) +
                            segment.payload[at + random.randrange(3):])


def recorded(connection, segments):
    """What the program in C reads."""
    out = bytearray()
    for segment in segments:
        by_client = (segment.source, segment.sport) == (connection.client, connection.cport)
        out += struct.pack("=BBII", by_client, bool(segment.flags & wire.SYN), segment.seq & 0xFFFFFFFF,
                           len(segment.payload)) + segment.payload
    return bytes(out + struct.pack("=BBII", 0, 0, 0, ENDS))


def split(segments):
    """The segments of each connection, as reference.connections() tells them apart."""
    found = reference.connections(wire.build_frame(segment) for segment in segments)
    return [(connection, connection.segments) for connection in found]


class Agree(unittest.TestCase):
    def compare(self, segments):
        program = os.environ.get("REFERENCE", "../../build/tests/differential/reference")
        found = split(segments)
        told = subprocess.run([program], input=b"".join(recorded(*connection) for connection in found),
                              stdout=subprocess.PIPE, check=True).stdout.decode().splitlines()
        self.assertEqual(len(told), len(found))
        count = 0
        for line, (connection, _) in zip(told, found):
            expected = [(response.offset, response.key.status) for response in reference.responses(connection)]
            got = [tuple(map(int, one.split(":"))) for one in line.split()]
            self.assertEqual([(at, status if status >= 400 else 0) for at, status in got], expected)
            count += len(expected)
        return count

    def each(self, rounds, change):
        count = 0
        for kind in "abc":
            segments = []
            for number in range(1, rounds + 1):
                random = random_module.Random(f"{kind}/{number}")
                for packet in cases.make_case(kind, "agree", number).seen:
                    segment = wire.read_frame(packet.frame)
                    if change and segment.payload and random.random() < 0.03:
                        segment = damage(random, segment)
                    segments.append(segment)
            count += self.compare(segments)
        return count

    def test_generated_cases(self):
        self.assertGreater(self.each(60, False), 300)

    def test_damaged_cases(self):
        self.assertGreater(self.each(150, True), 500)


if __name__ == "__main__":
    unittest.main()
