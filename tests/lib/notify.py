#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Listens as systemd does where $NOTIFY_SOCKET says: each datagram is a line on standard output,
behind the time of its coming (CLOCK_MONOTONIC, microseconds). Usage: notify.py SOCKET"""
import socket
import sys
import time

name = sys.argv[1]
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind("\0" + name[1:] if name[0] == "@" else name)
print("listens", flush=True)
while True:
    text = listener.recv(4096).decode()
    print(time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000, text.replace("\n", " "), flush=True)
