# SPDX-License-Identifier: GPL-2.0-only
"""Holds back the packets that a bad wire (wire.bpf.c) gives it: sends each a moment later.

usage: wire_hold.py SEED DEVICE MAC=DEVICE...

Frames that come in at DEVICE leave by the device that their destination has, up to 2 ms later.
"""
import heapq
import random
import select
import socket
import sys
import time

ETH_P_ALL = 3
SOL_PACKET, PACKET_VNET_HDR = 263, 15
VNET_HDR_BYTES = 10  # before each frame: large segments and open checksums pass as they are
HELD_S = 0.002


def packet_socket(device, proto):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    sock.bind((device, proto))
    return sock


def main():
    seed, device, *ways = sys.argv[1:]
    dice = random.Random(seed)
    source = packet_socket(device, ETH_P_ALL)
    source.setblocking(False)
    sinks = {}
    for way in ways:
        mac, _, sink = way.partition("=")
        sinks[bytes.fromhex(mac.replace(":", ""))] = packet_socket(sink, 0)
    print("ready", flush=True)
    held, number = [], 0
    while True:
        wait = max(0, held[0][0] - time.monotonic()) if held else None
        if select.select([source], [], [], wait)[0]:
            frame = source.recv(1 << 17)
            heapq.heappush(held, (time.monotonic() + dice.random() * HELD_S, number, frame))
            number += 1
        while held and held[0][0] <= time.monotonic():
            frame = heapq.heappop(held)[2]
            sinks[frame[VNET_HDR_BYTES:VNET_HDR_BYTES + 6]].send(frame)


if __name__ == "__main__":
    main()
