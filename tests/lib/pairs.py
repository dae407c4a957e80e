# SPDX-License-Identifier: GPL-2.0-only
"""Puts one answered request of each of many pairs of hosts on the wire, as frames, at a gateway's two sides.

usage: pairs.py CLIENTS_NS CLIENT_DEVICE GATEWAY_MAC1 SERVERS_NS SERVER_DEVICE GATEWAY_MAC2 COUNT RATE

Clients are 10.80.0.0 and on, in order; the server is 10.77.2.2:80, which answers 404.
"""
import ctypes
import ipaddress
import os
import socket
import struct
import sys
import time

CLONE_NEWNET = 0x40000000
FIRST = int(ipaddress.ip_address("10.80.0.0"))
SERVER = int(ipaddress.ip_address("10.77.2.2"))
REQUEST = b"GET /none HTTP/1.1\r\nHost: server\r\n\r\n"
RESPONSE = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def socket_in(ns, device):
    """A packet socket on the device; sockets stay in the namespace that they were made in."""
    fd = os.open(f"/run/netns/{ns}", os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).setns(fd, CLONE_NEWNET):
        sys.exit(f"{ns}: {os.strerror(ctypes.get_errno())}")
    os.close(fd)
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    made.bind((device, 0))
    return made, made.getsockname()[4]


def checksum(data):
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) & 1)))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def frame(to, sender, src, dst, sport, dport, seq, ack, payload):
    ip = struct.pack("!BBHHHBBHII", 0x45, 0, 40 + len(payload), 0, 0x4000, 64, 6, 0, src, dst)
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    tcp = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 0x50, 0x18, 65535, 0, 0)
    pseudo = struct.pack("!IIBBH", src, dst, 0, 6, len(tcp) + len(payload))
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp + payload)) + tcp[18:]
    return to + sender + b"\x08\x00" + ip + tcp + payload


def main():
    clients_ns, client_dev, mac1, servers_ns, server_dev, mac2, count, rate = sys.argv[1:]
    near, near_mac = socket_in(clients_ns, client_dev)
    far, far_mac = socket_in(servers_ns, server_dev)
    mac1, mac2 = (bytes.fromhex(mac.replace(":", "")) for mac in (mac1, mac2))
    start = time.monotonic()
    for i in range(int(count)):
        client = FIRST + i
        near.send(frame(mac1, near_mac, client, SERVER, 40000, 80, 1000, 5000, REQUEST))
        far.send(frame(mac2, far_mac, SERVER, client, 80, 40000, 5000, 1000 + len(REQUEST), RESPONSE))
        ahead = (i + 1) / float(rate) - (time.monotonic() - start)
        if ahead > 0.01:
            time.sleep(ahead)
    print(f"{count} pairs in {time.monotonic() - start:.1f} s")


main()
