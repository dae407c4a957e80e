# SPDX-License-Identifier: GPL-2.0-only
"""A DNS server that knows PTR records alone.

usage: dns_server.py ADDRESS LOG [IP=NAME]... : answers on UDP port 53; others get NXDOMAIN.
NAME may hold any bytes as \\xNN; NAME "silent" gets no answer. Each question is a line of LOG.
"""
import ipaddress
import socket
import struct
import sys


def labels(name):
    return b"".join(bytes([len(part)]) + part for part in name.split(b".") if part) + b"\0"


def question(packet):
    """The name that is asked for, as text, and where its question ends."""
    at, parts = 12, []
    while packet[at]:
        parts.append(packet[at + 1:at + 1 + packet[at]])
        at += 1 + packet[at]
    return b".".join(parts).decode("latin1").lower(), at + 5


def main(address, log, pairs):
    names = {}
    for pair in pairs:
        ip, _, name = pair.partition("=")
        names[ipaddress.ip_address(ip).reverse_pointer] = name.encode().decode("unicode_escape").encode("latin1")
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, 53))
    with open(log, "w", buffering=1, encoding="utf-8") as out:
        print("ready", file=out)
        while True:
            packet, peer = server.recvfrom(4096)
            asked, end = question(packet)
            print(asked, file=out)
            name = names.get(asked)
            if name == b"silent":
                continue
            answer = b""
            if name is not None:
                rdata = labels(name)
                answer = b"\xc0\x0c" + struct.pack("!HHIH", 12, 1, 60, len(rdata)) + rdata
            head = packet[:2] + struct.pack("!HHHHH", 0x8180 if name is not None else 0x8183, 1, 1 if answer else 0, 0, 0)
            server.sendto(head + packet[12:end] + answer, peer)


main(sys.argv[1], sys.argv[2], sys.argv[3:])
