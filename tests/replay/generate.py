# SPDX-License-Identifier: GPL-2.0-only
"""Writes captures for tests/replay/run.sh into a folder: one conversation in each link type, one
spike of errors in each container, and odd ones. Every file is made from the descriptions here.

usage: generate.py FOLDER
       generate.py --many PACKETS FILE    a long capture, to measure with
       generate.py --seeds FOLDER         small ones, for tests/fuzz/corpus/capture
       generate.py --frames FOLDER        frames, for tests/fuzz/corpus/parse
"""
import gzip
import ipaddress
import pathlib
import struct
import sys

T0 = 1700000000  # 2023-11-14T22:13:20Z
SYN, RST, PSH, ACK = 0x02, 0x04, 0x08, 0x10
MSS = 1460


# --- packets ------------------------------------------------------------------------------------

def ip_packet(source, destination, payload, proto=6, exts=b"", first=None):
    """IPv4 or IPv6 by the address; exts are IPv6 extension headers, the first of type `first`."""
    a, b = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    if a.version == 4:
        total = 20 + len(payload)
        return struct.pack(">BBHHHBBH4s4s", 0x45, 0, total if total < 65536 else 0, 0, 0x4000, 64, proto, 0,
                           a.packed, b.packed) + payload
    body = exts + payload
    return struct.pack(">IHBB16s16s", 6 << 28, len(body) if len(body) < 65536 else 0,
                       proto if first is None else first, 64, a.packed, b.packed) + body


def tcp(sport, dport, seq, ack, flags, payload=b""):
    return struct.pack(">HHIIBBHHH", sport, dport, seq & 0xffffffff, ack & 0xffffffff, 0x50, flags,
                       65535, 0, 0) + payload


class Connection:
    """A TCP connection of a client with a server: packets are (time in ns, IP packet)."""

    def __init__(self, client, server, sport, dport=80, mss=MSS, exts=b"", first=None):
        self.client, self.server, self.sport, self.dport = client, server, sport, dport
        self.cseq, self.sseq = 1000 * sport, 7 + 0xfffff000  # the server's wraps soon
        self.mss, self.exts, self.first = mss, exts, first

    def up(self, flags, payload=b""):
        packet = ip_packet(self.client, self.server,
                           tcp(self.sport, self.dport, self.cseq, self.sseq, flags, payload))
        self.cseq += len(payload) + (flags & SYN) // SYN
        return packet

    def down(self, flags, payload=b""):
        packet = ip_packet(self.server, self.client,
                           tcp(self.dport, self.sport, self.sseq, self.cseq, flags, payload),
                           exts=self.exts, first=self.first)
        self.sseq += len(payload) + (flags & SYN) // SYN
        return packet

    def open(self):
        return [self.up(SYN), self.down(SYN | ACK), self.up(ACK)]

    def exchange(self, responses, request=b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", count=1):
        """One segment of requests, and the responses in as many segments as they need."""
        packets = [self.up(PSH | ACK, request * count)]
        for i in range(0, len(responses), self.mss):
            packets.append(self.down(PSH | ACK, responses[i:i + self.mss]))
        return packets + [self.up(ACK)]


def response(status, body=b"x" * 20):
    return (b"HTTP/1.1 %d Some Reason\r\nServer: a\r\nContent-Length: %d\r\n\r\n" % (status, len(body))) + body


def conversation():
    """What stands in each link type's capture, and what must be counted of it."""
    talks = [("10.0.0.2", "10.0.0.9", 80, [404] * 17 + [200] * 5), ("10.0.0.3", "10.0.0.9", 8080, [500] * 3 + [301]),
             ("fd00::2", "fd00::9", 80, [403] * 4 + [200])]
    packets, expected = [], []
    for n, (client, server, port, statuses) in enumerate(talks):
        c = Connection(client, server, 40000 + n, port)
        packets += c.open()
        for i, status in enumerate(statuses):
            # Bodies of several segments that imitate a status line.
            body = b"HTTP/1.1 404 Not Found\r\n\r\n" * (200 if i % 5 == 0 else 1)
            packets += c.exchange(response(status, body))
        for status in sorted({s if s >= 400 else 0 for s in statuses}):
            n_of = sum((s if s >= 400 else 0) == status for s in statuses)
            expected.append(f"{client} {server} {port} {status} {n_of}")
    return [((T0 * 1000 + i * 10) * 1000000, p) for i, p in enumerate(packets)], sorted(expected)


def spike(errors, at=T0, client="10.0.0.2"):
    """Two errors a second: the last of 350 is at 174.75 s."""
    c = Connection(client, "10.0.0.9", 50000)
    packets = [(at * 10**9, p) for p in c.open()]
    for i in range(errors):
        time = at * 10**9 + i * 500000000 + 250000000
        packets += [(time, p) for p in c.exchange(response(404))]
    return packets


# --- link types ---------------------------------------------------------------------------------

def is_v6(packet):
    return packet[0] >> 4 == 6


def ethertype(packet):
    return struct.pack(">H", 0x86dd if is_v6(packet) else 0x0800)


MACS = bytes.fromhex("020000000001020000000002")
SNAP = bytes.fromhex("aaaa03000000")
SEQ = b"\x00\x00"


def ethernet(p):
    return MACS + ethertype(p) + p


def tags(p, *types):
    """Behind VLAN tags of these types, outermost first."""
    return MACS + b"".join(struct.pack(">HH", t, 7 + i) for i, t in enumerate(types)) + ethertype(p) + p


def pppoe(p):
    return struct.pack(">BBHH", 0x11, 0, 1, len(p) + 2) + (b"\x00\x57" if is_v6(p) else b"\x00\x21") + p


def mpls(p, labels=2):
    entries = b"".join(struct.pack(">I", (16 + i) << 12 | (i == labels - 1) << 8 | 64) for i in range(labels))
    return MACS + b"\x88\x47" + entries + p


def carried(payload, proto, v6=False):
    """An IP packet from one end of a tunnel to the other, in Ethernet."""
    ends = ("2001:db8:3::1", "2001:db8:3::2") if v6 else ("203.0.113.1", "203.0.113.2")
    return ethernet(ip_packet(*ends, payload, proto=proto))


def udp_tunnel(port, header, p, v6=False):
    return carried(struct.pack(">HHHH", 50000, port, (16 + len(p)) & 0xffff, 0) + header + p, 17, v6)


def vxlan(p, port=4789, v6=False):
    return udp_tunnel(port, b"\x08\0\0\0\0\0\x2a\0", ethernet(p), v6)


def geneve(p, v6=False):
    """With an option of 8 bytes."""
    return udp_tunnel(6081, b"\x02\0\x65\x58\0\0\x2a\0\1\2\3\1abcd", ethernet(p), v6)


def gre(p, flags=0, fields=b"", v6=False):
    return carried(struct.pack(">H", flags) + ethertype(p) + fields + p, 47, v6)


def erspan(p):
    return carried(b"\x10\0\x88\xbe\0\0\0\1" + b"\x10\7\0\1\0\0\0\0" + ethernet(p), 47)


def ip_in_ip(p, v6=False):
    return carried(p, 41 if is_v6(p) else 4, v6)


def wifi(p, fc0=0x08, fc1=0x02, extra=b"", pad=b""):
    return bytes([fc0, fc1]) + b"\0\0" + MACS + MACS[:6] + SEQ + extra + pad + SNAP + ethertype(p) + p


def radiotap(flags, frame, tsft=True):
    """Flags behind TSFT, which is aligned to 8, behind two words of `present`."""
    present = (1 << 31) | (1 if tsft else 0) | 2
    head = struct.pack("<BBHII", 0, 0, 0, present, 0)
    if tsft:
        head += b"\0" * (-len(head) % 8) + struct.pack("<Q", 1234567)
    head += bytes([flags])
    head += b"\0" * 3
    return head[:2] + struct.pack("<H", len(head)) + head[4:] + frame


FCS = b"\xde\xad\xbe\xef"
LINKS = {
    "ethernet": (1, ethernet),
    "vlan": (1, lambda p: tags(p, 0x8100)),
    "qinq": (1, lambda p: tags(p, 0x88a8, 0x8100)),
    "three-tags": (1, lambda p: tags(p, 0x88a8, 0x9100, 0x8100)),
    "mpls": (1, mpls),
    "pppoe-session": (1, lambda p: MACS + b"\x88\x64" + pppoe(p)),
    "vxlan": (1, vxlan),
    "vxlan-old-port": (1, lambda p: vxlan(p, port=8472)),
    "vxlan-ipv6": (1, lambda p: vxlan(p, v6=True)),
    "geneve": (1, geneve),
    "geneve-ipv6": (1, lambda p: geneve(p, v6=True)),
    "gre": (1, gre),
    "gre-ipv6": (1, lambda p: gre(p, v6=True)),
    "gre-key-sequence": (1, lambda p: gre(p, 0x3000, b"key numb")),
    "erspan": (1, erspan),
    "ip-in-ipv4": (1, ip_in_ip),
    "ip-in-ipv6": (1, lambda p: ip_in_ip(p, v6=True)),
    "raw-ip-in-ipv4": (101, lambda p: ip_in_ip(p)[14:]),
    "raw": (101, lambda p: p),
    "raw-bsd": (12, lambda p: p),
    "cooked": (113, lambda p: struct.pack(">HHH8s", 0, 1, 6, MACS[:6]) + ethertype(p) + p),
    "cooked-vlan": (113, lambda p: struct.pack(">HHH8s", 0, 1, 6, MACS[:6]) + b"\x81\x00\x00\x07" + ethertype(p) + p),
    "cooked2": (276, lambda p: ethertype(p) + struct.pack(">HIHBB8s", 0, 2, 1, 0, 6, MACS[:6]) + p),
    "loopback-le": (0, lambda p: struct.pack("<I", 30 if is_v6(p) else 2) + p),
    "loopback-be": (0, lambda p: struct.pack(">I", 28 if is_v6(p) else 2) + p),
    "loopback-openbsd": (108, lambda p: struct.pack(">I", 24 if is_v6(p) else 2) + p),
    "wifi": (105, wifi),
    "wifi-qos": (105, lambda p: wifi(p, fc0=0x88, extra=b"\0\0")),
    "wifi-4-addresses": (105, lambda p: wifi(p, fc0=0x88, fc1=0x03, extra=MACS[:6] + b"\0\0")),
    "radiotap": (127, lambda p: radiotap(0, wifi(p))),
    "radiotap-pad-fcs": (127, lambda p: radiotap(0x30, wifi(p, fc0=0x88, extra=b"\0\0", pad=b"\0\0") + FCS)),
    "radiotap-ht": (127, lambda p: radiotap(0, wifi(p, fc0=0x88, fc1=0x82, extra=b"\0\0\0\0\0\0"), tsft=False)),
    "ppp": (9, lambda p: (b"\x57" if is_v6(p) else b"\x21") + p),
    "ppp-hdlc": (50, lambda p: b"\xff\x03" + (b"\x00\x57" if is_v6(p) else b"\x00\x21") + p),
    "ppp-direction": (204, lambda p: b"\x01\xff\x03" + (b"\x00\x57" if is_v6(p) else b"\x00\x21") + p),
    "pppoe": (51, pppoe),
}
# Frames that are no packets, between those that are: they change nothing.
NOISE = {
    "radiotap": [radiotap(0, b"\x80\0\0\0" + MACS + MACS[:6] + SEQ + b"\0" * 20),      # a beacon
                 radiotap(0, b"\xd4\0\0\0" + MACS[:6]),                                # an ACK: 10 bytes
                 radiotap(0, b"\x48\x01\0\0" + MACS + MACS[:6] + SEQ),                 # no data
                 radiotap(0x40, wifi(ip_packet("1.1.1.1", "2.2.2.2", b"x" * 40)))],    # a wrong checksum
    "pppoe": [struct.pack(">BBHH", 0x11, 0xa7, 1, 0)],                                 # the session's end
    "ppp": [b"\xff\x03\xc0\x21\x09\x00\x00\x08"],                                      # LCP
    "cooked": [struct.pack(">HHH8sH", 0, 824, 0, b"", 0) + b"\x45" * 30],              # netlink
    "loopback-le": [struct.pack("<I", 7) + b"\x45" * 30],
    "ethernet": [MACS + b"\x08\x06" + b"\0" * 28, MACS[:9]],                           # ARP; 9 bytes
}
ENCRYPTED = radiotap(0, b"\x88\x42\0\0" + MACS + MACS[:6] + SEQ + b"\0\0" + b"\x9c" * 60)
AGGREGATED = radiotap(0, b"\x88\x02\0\0" + MACS + MACS[:6] + SEQ + b"\x80\0" + b"\0" * 60)


# --- containers ---------------------------------------------------------------------------------

def pcap(frames, link, order="<", nano=False, snaplen=262144):
    out = [struct.pack(order + "IHHiIII", 0xa1b23c4d if nano else 0xa1b2c3d4, 2, 4, 0, 0, snaplen, link)]
    for time, frame in frames:
        part = time % 10**9 if nano else time % 10**9 // 1000
        kept = frame[:snaplen]
        out.append(struct.pack(order + "IIII", time // 10**9, part, len(kept), len(frame)) + kept)
    return b"".join(out)


def block(order, kind, body):
    body += b"\0" * (-len(body) % 4)
    return struct.pack(order + "II", kind, len(body) + 12) + body + struct.pack(order + "I", len(body) + 12)


def pcapng(frames, link, order="<", resolutions=(6,)):
    """An interface for each resolution, as if_tsresol has it; packets are theirs in turn."""
    out = [block(order, 0x0a0d0d0a, struct.pack(order + "IHHq", 0x1a2b3c4d, 1, 0, -1))]
    for r in resolutions:
        options = struct.pack(order + "HHB3x", 9, 1, r) + struct.pack(order + "HH", 0, 0)
        out.append(block(order, 1, struct.pack(order + "HHI", link, 0, 262144) + options))
    for i, (time, frame) in enumerate(frames):
        r = resolutions[i % len(resolutions)]
        units = time * (2 ** (r & 127)) // 10**9 if r & 128 else time * 10**r // 10**9
        out.append(block(order, 6, struct.pack(order + "IIIII", i % len(resolutions), units >> 32, units & 0xffffffff,
                                               len(frame), len(frame)) + frame))
    return b"".join(out)


def write_links(folder):
    packets, expected = conversation()
    folder.mkdir()
    for name, (link, wrap) in LINKS.items():
        frames = []
        noise = NOISE.get(name, [])
        for i, (time, packet) in enumerate(packets):
            frames.append((time, wrap(packet)))
            if noise and i % 7 == 0:
                frames.append((time, noise[i // 7 % len(noise)]))
        (folder / f"{name}.pcap").write_bytes(pcap(frames, link))
    (folder / "expected").write_text("\n".join(expected) + "\n", encoding="ascii")
    write_families(folder, expected)


def write_families(folder, expected):
    """One family alone: link types for IPv4 and for IPv6."""
    packets, _ = conversation()
    for link, v6 in ((228, False), (229, True)):
        frames = [(t, p) for t, p in packets if is_v6(p) == v6]
        name = "ipv6" if v6 else "ipv4"
        (folder / f"{name}.only").write_bytes(pcap(frames, link))
        (folder / f"{name}.expected").write_text(
            "".join(f"{e}\n" for e in expected if (":" in e) == v6), encoding="ascii")


def write_containers(folder):
    frames = [(t, ethernet(p)) for t, p in spike(350)]
    folder.mkdir()
    files = {
        "little.pcap": pcap(frames, 1), "big.pcap": pcap(frames, 1, ">"),
        "little-nano.pcap": pcap(frames, 1, nano=True), "big-nano.pcap": pcap(frames, 1, ">", nano=True),
        "little.pcapng": pcapng(frames, 1), "big.pcapng": pcapng(frames, 1, ">"),
        "three-interfaces.pcapng": pcapng(frames, 1, resolutions=(6, 9, 0x80 | 20)),
        "milliseconds.pcapng": pcapng(frames, 1, resolutions=(3,)),
        "gzip.pcap.gz": gzip.compress(pcap(frames, 1)), "gzip.pcapng.gz": gzip.compress(pcapng(frames, 1)),
    }
    whole = pcap(frames, 1)
    files["two-members.gz"] = gzip.compress(whole[:5000]) + gzip.compress(whole[5000:])
    for name, data in files.items():
        (folder / name).write_bytes(data)


def hop_by_hop():
    return bytes([6, 0, 1, 4, 0, 0, 0, 0])


def write_large(folder):
    """Super-packets, as offloads make them: 60 KB and, with BIG TCP, 200 KB of payload."""
    folder.mkdir()
    cases = {
        "ipv4": (Connection("10.0.0.2", "10.0.0.9", 40001, mss=60000), ethernet),
        "ipv6": (Connection("fd00::2", "fd00::9", 40002, mss=60000), LINKS["vlan"][1]),
        "ipv6-ext": (Connection("fd00::2", "fd00::9", 40003, mss=60000, exts=hop_by_hop(), first=0), ethernet),
        "big-ipv4": (Connection("10.0.0.2", "10.0.0.9", 40004, mss=200000), ethernet),
        "big-ipv6": (Connection("fd00::2", "fd00::9", 40005, mss=200000), ethernet),
        "vxlan": (Connection("10.0.0.2", "10.0.0.9", 40006, mss=60000), vxlan),
        "geneve-ipv6-ext": (Connection("fd00::2", "fd00::9", 40007, mss=60000, exts=hop_by_hop(), first=0),
                            lambda p: geneve(p, v6=True)),
        "mpls": (Connection("fd00::2", "fd00::9", 40008, mss=60000), mpls),
    }
    for name, (c, wrap) in cases.items():
        many = b"".join(response(404 if i % 3 else 200, b"HTTP/1.1 500 No\r\n\r\n" * (i % 40)) for i in range(900))
        packets = c.open() + c.exchange(many, count=20) + c.exchange(response(503))
        (folder / f"{name}.pcap").write_bytes(
            pcap([((T0 * 1000 + i) * 10**6, wrap(p)) for i, p in enumerate(packets)], 1))
        (folder / f"{name}.expected").write_text("".join(
            f"{c.client} {c.server} 80 {s} {n}\n" for s, n in ((0, 300), (404, 600), (503, 1))), encoding="ascii")
    udp = ip_packet("10.0.0.2", "10.0.0.9", struct.pack(">HHHH", 53, 53, 60008, 0) + b"x" * 60000, proto=17)
    lies = udp[:2] + b"\xff\xff" + udp[4:]  # says that it is longer than its frame
    (folder / "udp.pcap").write_bytes(pcap([(T0 * 10**9, ethernet(udp)), (T0 * 10**9, ethernet(lies)),
                                            (T0 * 10**9, MACS + b"\x88\xb5" + b"x" * 9000),
                                            (T0 * 10**9, vxlan(udp)), (T0 * 10**9, vxlan(lies))], 1))


def prohibited(quote, to=None):
    """The ICMP error that a router sends about a packet."""
    v6 = is_v6(quote)
    if not to:
        to = str(ipaddress.ip_address(quote[8:24] if v6 else quote[12:16]))
    kind = struct.pack(">BBHI", *((1, 1) if v6 else (3, 13)), 0, 0)
    return ip_packet("fd00::1" if v6 else "10.0.0.1", to, kind + quote, proto=58 if v6 else 1)


def denials():
    """What the network answers to SYNs of 10.0.0.2, one port a way; (seconds, IP packet)."""
    for v6 in False, True:
        client, server = ("fd00::2", "fd00::9") if v6 else ("10.0.0.2", "10.0.0.9")

        def syn(port, source=40000):
            return ip_packet(client, server, tcp(source, port, 1000, 0, SYN))

        def answer(port, flags, ack=1001):
            return ip_packet(server, client, tcp(port, 40000, 1 if flags & SYN else 0, ack, flags))

        yield from ((0, syn(81)), (0, prohibited(syn(81))), (1, syn(81, 40001)), (1, prohibited(syn(81, 40001)[:48 if v6 else 28])))
        yield from ((1, syn(82)), (2, answer(82, RST | ACK)), (2, syn(83)), (3, answer(83, SYN | ACK)))
        yield from ((at, syn(84)) for at in (3, 4, 6, 10, 18))  # sent again, and never answered
        yield 29, syn(85)  # the capture ends before it is too late


def write_odd(folder):
    folder.mkdir()
    year = 366 * 86400
    spike_frames = [(t, ethernet(p)) for t, p in spike(350)]
    last = ethernet(ip_packet("10.0.0.2", "10.0.0.9", b"x" * 8, proto=17))
    short = [(t, ethernet(p)) for t, p in spike(8)]
    backwards = spike_frames[:len(spike_frames) // 2] + [(t - 3600 * 10**9, f) for t, f in spike_frames[len(spike_frames) // 2:]]
    halves = [f for f in spike_frames if f[0] < (T0 + 90) * 10**9], [f for f in spike_frames if f[0] >= (T0 + 90) * 10**9]
    files = {
        "349.pcap": pcap([(t, ethernet(p)) for t, p in spike(349)], 1),
        "silence.pcap": pcap(spike_frames + [((T0 + 7200) * 10**9, last)], 1),
        "year.pcap": pcap(spike_frames + [((T0 + year) * 10**9, last)], 1),
        "half-1.pcap": pcap(halves[0], 1), "half-2.pcap": pcap(halves[1], 1),
        "backwards.pcap": pcap(backwards, 1),
        "denials.pcap": pcap(sorted((((T0 + at) * 10**9, ethernet(p)) for at, p in denials()), key=lambda f: f[0]), 1),
        "snaplen.pcap": pcap(spike_frames, 1, snaplen=90),
        "empty.pcap": pcap([], 1),
        "usb.pcap": pcap(short, 189), "nobody.pcap": pcap(short, 147), "unknown.pcap": pcap(short, 9999),
        "text.pcap": b"This is no capture.\n" * 20,
        "nothing.pcap": b"",
        "wifi-closed.pcap": pcap([(T0 * 10**9, ENCRYPTED)] * 5 + [(T0 * 10**9, AGGREGATED)] * 3, 127),
        "cut.pcap": pcap(short, 1), "cut.pcapng": pcapng(short, 1), "cut.pcap.gz": gzip.compress(pcap(short, 1), 1, mtime=0),
        "bad-time.pcapng": pcapng(short[:10], 1) + block("<", 6, struct.pack("<IIIII", 0, 0xffffffff, 0xffffffff, 60, 60)
                                                         + last.ljust(60, b"\0")),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)


def write_many(count, path):
    """Ordinary traffic: short connections of many clients, a second for each 3,000 packets."""
    answer = [response(s, b"y" * 300) for s in (200, 404, 200, 301, 500, 200, 200, 200)]
    with open(path, "wb") as out:
        out.write(pcap([], 1))
        written = n = 0
        while written < count:
            c = Connection(f"10.{n >> 12 & 255}.{n >> 6 & 63}.{n & 63}", "10.200.0.9", 1024 + n % 60000)
            packets = c.open()
            for i in range(4):
                packets += c.exchange(answer[(n + i) % 8])
            for p in packets[:count - written]:
                frame = ethernet(p)
                out.write(struct.pack("<IIII", T0 + written // 3000, 0, len(frame), len(frame)) + frame)
                written += 1
            n += 1


def write_seeds(folder):
    packets = [(t, p) for t, p in conversation()[0] if len(p) < 200][:5]
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("ethernet", "qinq", "raw", "cooked", "cooked2", "loopback-le", "radiotap-pad-fcs", "ppp", "pppoe",
                 "vxlan", "gre-key-sequence", "mpls", "ip-in-ipv6"):
        link, wrap = LINKS[name]
        (folder / name).write_bytes(pcap([(t, wrap(p)) for t, p in packets[:3]], link))
    frames = [(t, ethernet(p)) for t, p in packets[:3]]
    (folder / "interfaces").write_bytes(pcapng(frames, 1, resolutions=(6, 9)))
    (folder / "big-endian").write_bytes(pcap(frames, 1, ">", nano=True))
    (folder / "gzip").write_bytes(gzip.compress(pcap(frames, 1), mtime=0))
    c = Connection("10.0.0.2", "10.0.0.9", 40001, mss=3400)
    large = c.down(ACK, response(404) * 40)
    (folder / "large").write_bytes(pcap([(T0 * 10**9, ethernet(large))], 1))
    (folder / "large-vxlan").write_bytes(pcap([(T0 * 10**9, vxlan(large, v6=True))], 1))


def write_frames(folder):
    """One for each tunnel, and for each reason that the parser has."""
    up4 = ip_packet("10.0.0.2", "10.0.0.9", tcp(40000, 80, 1, 2, PSH | ACK, b"GET / HTTP/1.1\r\n\r\n"))
    down6 = ip_packet("fd00::9", "fd00::2", tcp(80, 40000, 2, 3, ACK, b"HTTP/1.1 404 No\r\n\r\n"))
    udp = ip_packet("10.0.0.2", "10.0.0.9", struct.pack(">HHHH", 53, 53, 8, 0), proto=17)
    options = bytes([60, 0, 1, 4, 0, 0, 0, 0])
    frames = {name: LINKS[name][1](down6 if name.endswith("ipv6") else up4) for name in (
        "three-tags", "mpls", "pppoe-session", "vxlan", "vxlan-ipv6", "geneve", "gre", "gre-key-sequence", "erspan",
        "ip-in-ipv4", "ip-in-ipv6")}
    frames.update({
        "tunnel-in-tunnel": vxlan(vxlan(udp)[14:]), "arp-in-vxlan": udp_tunnel(4789, b"\x08" + b"\0" * 7, MACS + b"\x08\x06"),
        "fragment-in-gre": gre(udp[:6] + b"\x20\0" + udp[8:]),
        "truncated": ethernet(up4)[:-1], "malformed": ethernet(b"\x44" + up4[1:]), "not-ip": MACS + b"\x08\x06" + b"\0" * 28,
        "ext-header-limit": ethernet(ip_packet("fd00::9", "fd00::2", b"", exts=options * 8 + b"\6" + options[1:], first=60)),
        "vlan-limit": tags(up4, *[0x8100] * 4), "label-limit": mpls(up4, 5),
        "prohibited": ethernet(prohibited(up4)), "prohibited-ipv6": ethernet(prohibited(ip_packet(
            "fd00::2", "fd00::9", down6[40:], exts=options, first=60))),
        "prohibited-unread": ethernet(prohibited(b"\x44" + up4[1:])),
        "prohibited-other": ethernet(prohibited(up4, "10.0.0.3")),
        "l4-short": ethernet(ip_packet("10.0.0.2", "10.0.0.9", b"\0" * 19)),
    })
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        (folder / name).write_bytes(frame)


def main():
    if sys.argv[1] == "--frames":
        write_frames(pathlib.Path(sys.argv[2]))
        return
    if sys.argv[1] == "--seeds":
        write_seeds(pathlib.Path(sys.argv[2]))
        return
    if sys.argv[1] == "--many":
        write_many(int(sys.argv[2]), sys.argv[3])
        return
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    write_links(folder / "links")
    write_containers(folder / "containers")
    write_large(folder / "large")
    write_odd(folder / "odd")


if __name__ == "__main__":
    main()
