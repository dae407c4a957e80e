# SPDX-License-Identifier: GPL-2.0-only
"""Sends single packets: one TCP SYN, UDP datagram, SCTP chunk, DCCP request, ICMP echo request each, or one
of another protocol (PROTO is a number).

usage: knock.py [-b FROM] [-r PER-SECOND] [-n COUNT] PROTO:ADDRESS[:PORT]...

Goes round the targets; [ADDRESS] for IPv6; without -n until it is told to stop. A connection is
given up at once, so that its SYN is not sent again. Errors are what is asked for: they don't count.
"""
import itertools
import re
import socket
import struct
import sys
import time


def target(text):
    match = re.fullmatch(r"(tcp|udp|icmp|sctp|dccp|[0-9]+):(?:\[(.+)\]|([^:\[\]]+))(?::(\d+))?", text)
    if not match:
        sys.exit(f"knock.py: {text}: PROTO:ADDRESS[:PORT] expected")
    proto, v6, v4, port = match.groups()
    return proto, v6 or v4, int(port or 0)


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def echo_request(family, serial):
    if family == socket.AF_INET6:  # the kernel fills the checksum in
        return struct.pack("!BBHHH", 128, 0, 0, 7, serial)
    rest = struct.pack("!HH", 7, serial)
    return struct.pack("!BBH", 8, 0, checksum(b"\x08\x00" + rest)) + rest


def payload(proto, family, port, serial):
    if proto == "icmp":
        return echo_request(family, serial)
    if proto == "dccp":  # a request (RFC 4340 5.1)
        return struct.pack("!HHBBHIII", 40000, port, 5, 0, 0, 1 << 24, serial, 0)
    if proto == "sctp":  # the common header, and a COOKIE ACK
        return struct.pack("!HHIIBBH", 40000, port, serial, 0, 11, 0, 4)
    return b"knock"


def kind_of(proto, family):
    """Type and protocol of the socket."""
    kinds = {"tcp": (socket.SOCK_STREAM, 0), "udp": (socket.SOCK_DGRAM, 0)}
    numbers = {"sctp": socket.IPPROTO_SCTP, "dccp": 33,
               "icmp": socket.IPPROTO_ICMPV6 if family == socket.AF_INET6 else socket.IPPROTO_ICMP}
    return kinds.get(proto) or (socket.SOCK_RAW, numbers[proto] if proto in numbers else int(proto))


def knock(proto, address, port, source, serial):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    kind = kind_of(proto, family)
    with socket.socket(family, *kind) as sock:
        sock.setblocking(False)
        if source:
            sock.bind((source, 0))
        try:
            if proto == "tcp":
                sock.connect((address, port))
            else:
                to = port if kind[0] == socket.SOCK_DGRAM else 0
                sock.sendto(payload(proto, family, port, serial & 0xffff), (address, to))
        except OSError:
            pass


def main():
    args, source, rate, count = sys.argv[1:], None, 0, None
    while args and args[0] in ("-b", "-r", "-n"):
        option, value, args = args[0], args[1], args[2:]
        if option == "-b":
            source = value
        elif option == "-r":
            rate = float(value)
        else:
            count = int(value)
    targets = [target(text) for text in args]
    start = time.monotonic()
    for i in range(count) if count is not None else itertools.count():
        if rate:
            time.sleep(max(0, start + i / rate - time.monotonic()))
        knock(*targets[i % len(targets)], source, i)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
