# SPDX-License-Identifier: GPL-2.0-only
"""Makes pairs named eni* in this network namespace, and measures until both sides of each are watched (tcx).

usage: attach_time.py PAIRS

They stay. Prints milliseconds as JSON: of one at a time since it was set up (median and most), and for all at
once, since the first was set up, when the last was and when all are watched.
"""
import ctypes
import json
import os
import platform
import socket
import struct
import subprocess
import sys
import time

BPF_PROG_QUERY = 16
TCX_INGRESS, TCX_EGRESS = 46, 47
SYSCALL = {"x86_64": 321, "aarch64": 280}[platform.machine()]
LIBC = ctypes.CDLL(None, use_errno=True)
DEADLINE_S = 60


def has_program(ifindex, side):
    attr = ctypes.create_string_buffer(struct.pack("=IIIIQI", ifindex, side, 0, 0, 0, 0), 64)
    if LIBC.syscall(SYSCALL, BPF_PROG_QUERY, attr, len(attr)) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return struct.unpack_from("=I", attr.raw, 24)[0] > 0


def is_watched(ifindex):
    return has_program(ifindex, TCX_INGRESS) and has_program(ifindex, TCX_EGRESS)


def ip(*lines):
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)


def since(start):
    return round((time.monotonic() - start) * 1e3, 1)


def main():
    pairs = [f"eni{i}" for i in range(int(sys.argv[1]))]
    each = []
    for name in pairs[:20]:
        ip(f"link add {name} type veth peer name {name}p", f"link set {name} up")
        start, index = time.monotonic(), socket.if_nametoindex(name)
        while not is_watched(index):
            if since(start) > DEADLINE_S * 1e3:
                sys.exit(f"{name} is not watched")
            time.sleep(0.0005)
        each.append(since(start))
    ip(*(f"link del {name}" for name in pairs[:20]))
    ip(*(f"link add {name} type veth peer name {name}p" for name in pairs))
    left = {socket.if_nametoindex(name) for name in pairs}
    start = time.monotonic()
    ip(*(f"link set {name} up" for name in pairs))
    made = since(start)
    while left:
        if since(start) > DEADLINE_S * 1e3:
            sys.exit(f"{len(left)} are not watched")
        left = {index for index in left if not is_watched(index)}
        time.sleep(0.002)
    print(json.dumps({"one": sorted(each)[len(each) // 2], "one_most": max(each), "set_up": made, "all": since(start)}))


try:
    main()
except (OSError, subprocess.SubprocessError) as e:
    sys.exit(f"attach_time.py: {e}")
