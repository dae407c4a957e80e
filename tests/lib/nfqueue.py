# SPDX-License-Identifier: GPL-2.0-only
"""Judges what is queued to user space, and says in the end what it denied.

usage: nfqueue.py NUMBER OUTPUT

Says "listening". The last digit of the destination port decides: 1 drop, 2 accept, else no verdict at
all: the kernel drops it when this process ends, which it does at SIGTERM. OUTPUT is then a list for
denies.py, of the forward hook.
"""
import collections
import ipaddress
import signal
import socket
import struct
import sys

NETLINK_NETFILTER, REQUEST = 12, 1
PACKET, VERDICT, CONFIG = 0x300, 0x301, 0x302
HEADER, PAYLOAD = 1, 10


def attribute(kind, data):
    return struct.pack("=HH", len(data) + 4, kind) + data + b"\0" * (-len(data) % 4)


def send(netlink, kind, number, data):
    body = struct.pack("!BBH", socket.AF_UNSPEC, 0, number) + data
    netlink.send(struct.pack("=IHHII", 16 + len(body), kind, REQUEST, 0, 0) + body)


def attributes(data):
    while len(data) >= 4:
        size, kind = struct.unpack_from("=HH", data)
        if size < 4:
            return
        yield kind & 0x3fff, data[4:size]
        data = data[(size + 3) & ~3:]


def key_of(packet):
    if packet[0] >> 4 == 4:
        proto, start = packet[9], (packet[0] & 15) * 4
        source, destination = packet[12:16], packet[16:20]
    else:
        proto, start = packet[6], 40
        source, destination = packet[8:24], packet[24:40]
    port = struct.unpack_from("!H", packet, start + 2)[0]
    return ipaddress.ip_address(source), ipaddress.ip_address(destination), proto, port


def judge(netlink, number, data, denied):
    while len(data) >= 16:
        size, kind = struct.unpack_from("=IH", data)
        if kind == PACKET:
            attrs = dict(attributes(data[20:size]))
            key = key_of(attrs[PAYLOAD])
            if key[3] % 10 != 2:
                denied[key] += 1
            if key[3] % 10 in (1, 2):
                verdict = struct.pack("!I", key[3] % 10 - 1) + attrs[HEADER][:4]
                send(netlink, VERDICT, number, attribute(2, verdict))
        data = data[(size + 3) & ~3:]


def main():
    number, output = int(sys.argv[1]), sys.argv[2]
    denied = collections.Counter()
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as netlink:
        netlink.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        netlink.bind((0, 0))
        send(netlink, CONFIG, number, attribute(1, struct.pack("!BxH", 1, socket.AF_UNSPEC)))
        send(netlink, CONFIG, number, attribute(2, struct.pack("!IB", 0xffff, 2)))
        print("listening", flush=True)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            while True:
                judge(netlink, number, netlink.recv(1 << 17), denied)
        finally:
            with open(output, "w", encoding="utf-8") as file:
                for key, packets in denied.items():
                    print("forward", *key, packets, file=file)


main()
