# SPDX-License-Identifier: GPL-2.0-only
"""Makes two tun devices and carries packets between them, until it is ended.

usage: tun_pair.py DEVICE DEVICE

They may be moved to other network namespaces while it runs. Says "ready" when they exist.
"""
import fcntl
import os
import selectors
import struct
import sys

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000


def tun_open(name):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return fd


def carry(from_fd, to_fd):
    try:
        os.write(to_fd, os.read(from_fd, 65536))
    except OSError:
        pass  # a device that is down loses packets, as a link does


def main():
    a, b = map(tun_open, sys.argv[1:])
    selector = selectors.DefaultSelector()
    selector.register(a, selectors.EVENT_READ, b)
    selector.register(b, selectors.EVENT_READ, a)
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            carry(key.fd, key.data)


if __name__ == "__main__":
    main()
