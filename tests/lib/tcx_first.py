# SPDX-License-Identifier: GPL-2.0-only
"""Prints the id of the tcx program that runs first at an interface of this network namespace.

usage: tcx_first.py INTERFACE ingress|egress
"""
import ctypes
import os
import platform
import socket
import struct
import sys

BPF_PROG_QUERY = 16
SIDES = {"ingress": 46, "egress": 47}
SYSCALL = {"x86_64": 321, "aarch64": 280}[platform.machine()]

ids = (ctypes.c_uint32 * 64)()
attr = ctypes.create_string_buffer(
    struct.pack("=IIIIQI", socket.if_nametoindex(sys.argv[1]), SIDES[sys.argv[2]], 0, 0,
                ctypes.addressof(ids), len(ids)), 64)
if ctypes.CDLL(None, use_errno=True).syscall(SYSCALL, BPF_PROG_QUERY, attr, len(attr)) < 0:
    sys.exit(f"tcx_first.py: {sys.argv[1:]}: {os.strerror(ctypes.get_errno())}")
print(ids[0])
