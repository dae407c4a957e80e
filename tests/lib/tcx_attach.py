# SPDX-License-Identifier: GPL-2.0-only
"""Attaches a pinned program to an interface by tcx, says "attached", and waits for its end.

usage: tcx_attach.py INTERFACE ingress|egress PIN [first]

"first": before those that are there. Asks bpf(2) itself, because bpftool before 7.3 does not know tcx. The link goes with this process.
"""
import ctypes
import os
import platform
import signal
import socket
import struct
import sys

BPF_OBJ_GET, BPF_LINK_CREATE = 7, 28
SIDES = {"ingress": 46, "egress": 47}
BEFORE = 1 << 3
SYSCALL = {"x86_64": 321, "aarch64": 280}[platform.machine()]


def bpf(command, attr):
    buffer = ctypes.create_string_buffer(attr, 64)
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.syscall(SYSCALL, command, buffer, len(buffer))
    if fd < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return fd


try:
    interface, side, pin, *where = sys.argv[1:]
    path = ctypes.create_string_buffer(pin.encode())
    program = bpf(BPF_OBJ_GET, struct.pack("=QII", ctypes.addressof(path), 0, 0))
    bpf(BPF_LINK_CREATE, struct.pack("=IIII", program, socket.if_nametoindex(interface), SIDES[side],
                                     BEFORE if where == ["first"] else 0))
except OSError as e:
    sys.exit(f"tcx_attach.py: {sys.argv[1:]}: {e}")
print("attached", flush=True)
signal.pause()
