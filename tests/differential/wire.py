# SPDX-License-Identifier: GPL-2.0-only
"""Captures and frames: what stands in a pcap file, and back. Nothing here knows HTTP."""

import ipaddress
import struct
from collections import namedtuple

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
LINK_ETHERNET = 1
VLAN_TYPES = (0x8100, 0x88A8)
IPV6_EXTENSIONS = (0, 43, 60)  # hop-by-hop, routing, destination options

Segment = namedtuple("Segment", "source destination sport dport seq ack flags payload")


def write_pcap(path, frames):
    """Writes frames (bytes) a microsecond apart."""
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, LINK_ETHERNET))
        for number, frame in enumerate(frames):
            seconds, micros = divmod(number, 1000000)
            file.write(struct.pack("<IIII", 1700000000 + seconds, micros, len(frame), len(frame)))
            file.write(frame)


def read_pcap(path):
    """The frames of a capture, of either byte order and resolution."""
    with open(path, "rb") as file:
        head = file.read(24)
        if len(head) < 24:
            raise ValueError("no pcap file: too short")
        for order in "<", ">":
            if struct.unpack(order + "I", head[:4])[0] in (0xA1B2C3D4, 0xA1B23C4D):
                break
        else:
            raise ValueError("no pcap file: unknown magic number")
        if struct.unpack(order + "I", head[20:])[0] & 0xFFFF != LINK_ETHERNET:
            raise ValueError("not a capture of Ethernet")
        while True:
            record = file.read(16)
            if not record:
                return
            if len(record) < 16:
                raise ValueError("the capture ends in a record")
            length = struct.unpack(order + "IIII", record)[2]
            frame = file.read(length)
            if len(frame) < length:
                raise ValueError("the capture ends in a packet")
            yield frame


def read_frame(frame):
    """The TCP segment in an Ethernet frame; None where there is none."""
    at, kind = 14, int.from_bytes(frame[12:14], "big")
    while kind in VLAN_TYPES:
        kind = int.from_bytes(frame[at + 2 : at + 4], "big")
        at += 4
    if kind == 0x0800:
        return read_ipv4(frame[at:])
    if kind == 0x86DD:
        return read_ipv6(frame[at:])
    return None


def read_ipv4(packet):
    if len(packet) < 20 or packet[0] >> 4 != 4 or packet[9] != 6:
        return None
    if int.from_bytes(packet[6:8], "big") & 0x3FFF:
        return None  # fragments are not generated, and the sensor tells them apart
    header, total = (packet[0] & 15) * 4, int.from_bytes(packet[2:4], "big")
    return read_tcp(packet[12:16], packet[16:20], packet[header:total])


def read_ipv6(packet):
    if len(packet) < 40 or packet[0] >> 4 != 6:
        return None
    following, at = packet[6], 40
    end = 40 + int.from_bytes(packet[4:6], "big")
    while following in IPV6_EXTENSIONS and at + 8 <= end:
        following, at = packet[at], at + (packet[at + 1] + 1) * 8
    if following != 6:
        return None
    return read_tcp(packet[8:24], packet[24:40], packet[at:end])


def read_tcp(source, destination, tcp):
    if len(tcp) < 20:
        return None
    sport, dport, seq, ack, offset, flags = struct.unpack_from(">HHIIBB", tcp)
    header = (offset >> 4) * 4
    if header < 20 or header > len(tcp):
        return None
    return Segment(source, destination, sport, dport, seq, ack, flags, tcp[header:])


def build_frame(segment, vlans=(), options=b"", extension=False, padded=True):
    """An Ethernet frame around a segment; addresses of 4 or 16 bytes. Checksums are zero."""
    tcp = struct.pack(
        ">HHIIBBHHH",
        segment.sport, segment.dport, segment.seq & 0xFFFFFFFF, segment.ack & 0xFFFFFFFF,
        (20 + len(options)) // 4 << 4, segment.flags, 65535, 0, 0,
    ) + options + segment.payload
    if len(segment.source) == 4:
        kind = 0x0800
        packet = struct.pack(
            ">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, 6, 0,
            segment.source, segment.destination,
        ) + tcp
    else:
        kind, following = 0x86DD, 6
        if extension:
            tcp = struct.pack(">BB6s", 6, 0, b"\x01\x04\0\0\0\0") + tcp
            following = 60
        packet = struct.pack(
            ">IHBB16s16s", 0x60000000, len(tcp), following, 64, segment.source, segment.destination
        ) + tcp
    frame = b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02"
    for number, vlan in enumerate(vlans):
        outer = number == 0 and len(vlans) == 2
        frame += struct.pack(">HH", 0x88A8 if outer else 0x8100, vlan)
    frame += struct.pack(">H", kind) + packet
    if padded and len(frame) < 60:
        frame += bytes(60 - len(frame))
    return frame


def address_text(address):
    """An address of 4 or 16 bytes as text."""
    return str(ipaddress.ip_address(address))
