# SPDX-License-Identifier: GPL-2.0-only
"""Prints how many tcx programs an interface of this network namespace has: "INGRESS EGRESS".

usage: bpf_query.py INTERFACE

Asks bpf(2) itself, because bpftool before 7.3 does not know tcx. Exit 1 where the kernel doesn't.
"""
import ctypes
import os
import platform
import socket
import struct
import sys

BPF_PROG_QUERY = 16
TCX_INGRESS, TCX_EGRESS = 46, 47
SYSCALL = {"x86_64": 321, "aarch64": 280}[platform.machine()]


def program_count(ifindex, attach_type):
    # union bpf_attr, member `query`: room for the ids is not given, the number is all we want
    attr = ctypes.create_string_buffer(struct.pack("=IIIIQI", ifindex, attach_type, 0, 0, 0, 0), 64)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(SYSCALL, BPF_PROG_QUERY, attr, len(attr)) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return struct.unpack_from("=I", attr.raw, 24)[0]


try:
    index = socket.if_nametoindex(sys.argv[1])
    print(program_count(index, TCX_INGRESS), program_count(index, TCX_EGRESS))
except OSError as e:
    sys.exit(f"bpf_query.py: {sys.argv[1]}: {e}")
