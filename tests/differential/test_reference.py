# SPDX-License-Identifier: GPL-2.0-only
"""The reference by itself, on cases made by hand."""

import os
import tempfile
import unittest

import reference
import wire
from wire import ACK, SYN, Segment

CLIENT, SERVER = b"\x0a\0\0\x01", b"\x0a\0\0\x02"
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
HEAD = b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
MISSING = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
OK_5 = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def sent(by_client, seq, payload, flags=ACK, cport=40000, vlans=(), client=CLIENT, server=SERVER):
    ends = (client, server, cport, 80) if by_client else (server, client, 80, cport)
    return wire.build_frame(Segment(*ends, seq, 0, flags, payload), vlans)


def statuses(frames):
    return [found.key.status for found in reference.read_capture(frames)]


def answered(asked, told):
    """What is counted of one connection without TCP's oddities."""
    return statuses([sent(True, 999, b"", SYN), sent(False, 4999, b"", SYN | ACK),
                     sent(True, 1000, asked), sent(False, 5000, told)])


class Framing(unittest.TestCase):
    def test_keep_alive_and_pipelined(self):
        self.assertEqual(answered(GET * 3, OK_5 + MISSING + OK_5), [0, 404, 0])

    def test_answers_without_requests_are_none(self):
        self.assertEqual(answered(GET, OK_5 + MISSING), [0])
        self.assertEqual(answered(b"", MISSING), [])

    def test_imitating_bodies(self):
        body = MISSING * 3
        told = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        self.assertEqual(answered(GET * 9, told + MISSING), [0, 404])
        told = CHUNKED + b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"
        self.assertEqual(answered(GET * 9, told + MISSING), [0, 404])
        self.assertEqual(answered(GET * 9, b"HTTP/1.1 200 OK\r\n\r\n" + body), [0])

    def test_chunks_with_extensions_and_trailers(self):
        told = CHUNKED + b"5;a=\"b\"\r\nhello\r\n0A \r\n0123456789\r\n000\r\nContent-Length: 9\r\n\r\n"
        self.assertEqual(answered(GET * 2, told + MISSING), [0, 404])

    def test_a_chunk_that_is_none_ends_it(self):
        self.assertEqual(answered(GET * 2, CHUNKED + b"x\r\n" + MISSING), [0])
        self.assertEqual(answered(GET * 2, CHUNKED + b"1\r\nab\r\n0\r\n\r\n" + MISSING), [0])

    def test_coding_before_length(self):
        told = b"HTTP/1.1 500 Oh\r\nContent-Length: 99\r\nTRANSFER-encoding:gzip, Chunked\r\n\r\n0\r\n\r\n"
        self.assertEqual(answered(GET * 2, told + MISSING), [500, 404])

    def test_coding_that_does_not_end_with_chunked_lasts(self):
        told = b"HTTP/1.1 500 Oh\r\nTransfer-Encoding: gzip\r\n\r\n"
        self.assertEqual(answered(GET * 2, told + MISSING), [500])

    def test_lengths_must_agree(self):
        for value, rest in ((b"1\r\nContent-Length: 1", [404]), (b"1, 1", [404]), (b"1\r\nContent-Length: 2", []),
                            (b"x", []), (b"-1", []), (b"", [])):
            told = b"HTTP/1.1 200 OK\r\nContent-Length: " + value + b"\r\n\r\n!"
            self.assertEqual(answered(GET * 2, told + MISSING), [0] + rest, value)

    def test_head_has_no_body(self):
        told = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"
        self.assertEqual(answered(HEAD + GET, told + MISSING), [0, 404])
        self.assertEqual(answered(HEAD + GET, CHUNKED + MISSING), [0, 404])
        self.assertEqual(answered(HEAD + GET, b"HTTP/1.1 500 Oh\r\n\r\n" + MISSING), [500, 404])
        self.assertEqual(answered(GET + GET, told + MISSING), [0])
        self.assertEqual(answered(HEAD.lower().replace(b"http", b"HTTP") + GET, told + MISSING), [0])

    def test_statuses_without_body(self):
        for status in b"204", b"304":
            told = b"HTTP/1.1 " + status + b" x\r\nContent-Length: 500\r\n\r\n"
            self.assertEqual(answered(GET * 2, told + MISSING), [0, 404])

    def test_interim_responses_are_not_final(self):
        told = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nContent-Length: 50\r\n\r\n"
        self.assertEqual(answered(GET, told + MISSING), [404])

    def test_tunnels(self):
        connect = b"CONNECT a:1 HTTP/1.1\r\n\r\n"
        self.assertEqual(answered(connect + GET, b"HTTP/1.1 200 OK\r\n\r\n" + MISSING), [0])
        self.assertEqual(answered(connect + GET, MISSING + OK_5), [404, 0])
        self.assertEqual(answered(GET + GET, b"HTTP/1.1 101 Switching\r\n\r\n" + MISSING), [])

    def test_bodies_of_requests(self):
        post = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(MISSING) + MISSING
        self.assertEqual(answered(post + GET, OK_5 + MISSING), [0, 404])
        post = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nGET /\r\n0\r\n\r\n"
        self.assertEqual(answered(post + GET, OK_5 + MISSING), [0, 404])

    def test_bare_line_feeds_and_empty_lines(self):
        told = b"HTTP/1.1 404\nContent-Length: 1\n\n!\r\n\n"
        self.assertEqual(answered(b"\r\nGET / HTTP/1.1\n\n" + GET, told + OK_5), [404, 0])

    def test_folded_lines_are_no_fields(self):
        told = b"HTTP/1.1 404 x\r\nA: b\r\n Content-Length: 9\r\nContent-Length: 1\r\n\r\n!"
        self.assertEqual(answered(GET * 2, told + OK_5), [404, 0])

    def test_a_status_that_is_cut(self):
        self.assertEqual(answered(GET, b"HTTP/1.1 404"), [])
        self.assertEqual(answered(GET, b"HTTP/1.1 404 "), [404])

    def test_what_is_no_http(self):
        for told in b"HTTP/1.1 4041 x\r\n\r\n", b"HTTP/2.0 404 x\r\n\r\n", b"HTTP/1.1 099 x\r\n\r\n":
            self.assertEqual(answered(GET, told), [])
        self.assertEqual(answered(b"EHLO a\r\n", MISSING), [])


class Reassembly(unittest.TestCase):
    def capture(self, segments, first=5000, **how):
        return statuses([sent(True, 999, b"", SYN, **how), sent(False, first - 1, b"", SYN | ACK, **how),
                         sent(True, 1000, GET * 9, **how)] +
                        [sent(False, (first + at) & 0xFFFFFFFF, data, **how) for at, data in segments])

    def test_order_overlaps_and_repetitions(self):
        data = OK_5 + MISSING + OK_5
        cuts = [(60, data[60:]), (0, data[:10]), (5, data[5:70]), (0, data[:10]), (20, data[20:21])]
        self.assertEqual(self.capture(cuts), [0, 404, 0])

    def test_byte_by_byte_backwards(self):
        data = MISSING + OK_5
        self.assertEqual(self.capture([(at, data[at : at + 1]) for at in reversed(range(len(data)))]), [404, 0])

    def test_a_hole_ends_it(self):
        data = MISSING + OK_5
        self.assertEqual(self.capture([(0, data[:50]), (51, data[51:])]), [404])

    def test_sequence_numbers_wrap(self):
        data = MISSING + OK_5 + MISSING
        for first in range(0xFFFFFFFF - 60, 0xFFFFFFFF):
            self.assertEqual(self.capture([(0, data[:70]), (70, data[70:])], first), [404, 0, 404])

    def test_a_keep_alive_byte_is_none_of_the_stream(self):
        self.assertEqual(self.capture([(-1, b"\0"), (0, OK_5), (len(OK_5) - 1, b"\0"), (len(OK_5), MISSING)]), [0, 404])

    def test_ports_are_used_again(self):
        frames = []
        for isn in 999, 70000:
            frames += [sent(True, isn, b"", SYN), sent(False, isn + 9, b"", SYN | ACK),
                       sent(True, isn, b"", SYN), sent(True, isn + 1, GET), sent(False, isn + 10, MISSING)]
        self.assertEqual(statuses(frames), [404, 404])

    def test_connections_are_apart(self):
        frames = []
        for step in ((True, 999, b"", SYN), (False, 4999, b"", SYN | ACK), (True, 1000, GET),
                     (False, 5000, MISSING[:20]), (False, 5020, MISSING[20:])):
            frames += [sent(*step, cport=cport) for cport in (1, 2, 3)]
        self.assertEqual(statuses(frames), [404] * 3)

    def test_vlans_and_ipv6(self):
        self.assertEqual(self.capture([(0, MISSING)], vlans=(5,)), [404])
        self.assertEqual(self.capture([(0, MISSING)], vlans=(5, 6)), [404])
        self.assertEqual(self.capture([(0, MISSING)], client=b"\xfd" * 16, server=b"\xfc" * 16), [404])


class Captures(unittest.TestCase):
    def test_a_file_and_back(self):
        frames = [sent(True, 1000, GET), sent(False, 5000, MISSING), b"\xff" * 60]
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.pcap")
            wire.write_pcap(path, frames)
            self.assertEqual(list(wire.read_pcap(path)), frames)
            counts = reference.count_responses(wire.read_pcap(path))
            self.assertEqual(counts, {reference.Key(CLIENT, SERVER, 80, 404): 1})
            with open(path, "r+b") as file:
                file.truncate(100)
            with self.assertRaises(ValueError):
                list(wire.read_pcap(path))

    def test_padding_is_no_payload(self):
        frame = sent(False, 5000, b"")
        self.assertEqual(len(frame), 60)
        self.assertEqual(wire.read_frame(frame).payload, b"")


if __name__ == "__main__":
    unittest.main()
