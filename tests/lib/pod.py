#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs a program as a container runtime would in a pod: its root folder, and of the capabilities those given.

Usage: pod.py ROOT all|CAPABILITY[,CAPABILITY...] NAME=VALUE... PROGRAM [ARG...]
The namespaces, and what is mounted below ROOT, are there already. Capabilities as in NUMBERS;
with "all" none is taken away, as in a privileged pod."""
import ctypes
import os
import sys

PR_CAPBSET_READ, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 23, 24, 38
NUMBERS = {"bpf": 39, "perfmon": 38, "syslog": 34, "net_admin": 12}


def main():
    root, wanted, *rest = sys.argv[1:]
    environment = {}
    while "=" in rest[0]:
        name, _, value = rest.pop(0).partition("=")
        environment[name] = value
    os.chroot(root)
    os.chdir("/")
    if wanted != "all":
        libc = ctypes.CDLL(None, use_errno=True)
        keep = {NUMBERS[name] for name in wanted.split(",")}
        number = 0
        while libc.prctl(PR_CAPBSET_READ, number, 0, 0, 0) >= 0:
            if number not in keep and libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0):
                sys.exit(f"capability {number} stays")
            number += 1
        if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
            sys.exit("no_new_privs can't be set")
    os.execve(rest[0], rest, environment)


main()
