# SPDX-License-Identifier: GPL-2.0-only
"""How TCP carries a dialogue: cuts, merges, repetitions; and what a sensor sees of it."""

import re
from collections import namedtuple

from wire import ACK, FIN, PSH, RST, SYN, Segment, build_frame

START = re.compile(rb"HTTP/1\.")
LARGEST = 60000
STATUS_BYTES = 13  # of a status line that tell its code

# A packet, and the bytes [start, end) of its side's stream that it carries.
Packet = namedtuple("Packet", "frame by_client start end")


class Peers:
    """The two ends of a case: addresses, and what surrounds TCP."""

    def __init__(self, random, number):
        if random.random() < 0.3:
            self.client = bytes.fromhex("fd00000000000000000000000000") [:12] + number.to_bytes(4, "big")
            self.server = bytes.fromhex("fd000000000000000000000100000000")[:15] + bytes([random.randrange(1, 9)])
        else:
            self.client = bytes([10]) + number.to_bytes(3, "big")
            self.server = bytes([172, 16, 0, random.randrange(1, 9)])
        self.port = random.choice((80, 8080, 3128, random.randrange(1, 65536)))
        self.vlans = [random.randrange(1, 4095) for _ in range(random.choice((0, 0, 0, 1, 2)))]
        self.options = random.choice((b"", b"\x01\x01\x08\x0a" + random.randbytes(8)))
        self.extension = len(self.client) == 16 and random.random() < 0.2


class Carrier:
    """A TCP connection that writes its packets into a list."""

    def __init__(self, random, peers, cport, loud):
        self.random, self.peers, self.cport = random, peers, cport
        self.loud = loud  # how often something is sent that needn't be, 0 to 1
        near_wrap = random.random() < 0.2
        self.isn = {side: 0x100000000 - random.randrange(1, 3000) if near_wrap else random.getrandbits(32)
                    for side in (True, False)}
        self.stream = {True: bytearray(), False: bytearray()}  # what was sent
        self.acked = {True: 0, False: 0}  # how much of it the other side has confirmed
        self.finished = {True: 0, False: 0}
        self.packets = []
        self.heads = set()  # where the server's writes begin

    def emit(self, by_client, start, payload, flags=ACK, syn=False):
        peers = self.peers
        ends = (peers.client, peers.server, self.cport, peers.port)
        if not by_client:
            ends = (ends[1], ends[0], ends[3], ends[2])
        seq = self.isn[by_client] + (0 if syn else 1 + start)
        ack = self.isn[not by_client] + 1 + len(self.stream[not by_client]) + self.finished[not by_client]
        if flags & ACK:
            self.acked[not by_client] = len(self.stream[not by_client])
        else:
            ack = 0
        segment = Segment(*ends, seq, ack, flags, bytes(payload))
        frame = build_frame(segment, peers.vlans, peers.options, peers.extension, self.random.random() < 0.7)
        self.packets.append(Packet(frame, by_client, start, start + len(payload)))

    def handshake(self):
        self.emit(True, 0, b"", SYN, syn=True)
        self.emit(False, 0, b"", SYN | ACK, syn=True)
        if self.random.random() < 0.1 * self.loud:
            self.packets.append(self.packets[-1])
        self.emit(True, 0, b"")

    def cuts(self, data):
        """Where to cut data into segments: offsets, the last is its length."""
        random, how = self.random, self.random.randrange(6)
        if how == 0 and len(data) > 700:
            how = 1
        if how == 0:  # byte by byte
            step = lambda: 1
        elif how == 1:
            step = lambda: 1448
        elif how == 2:  # as GRO merges
            step = lambda: random.randrange(1000, LARGEST)
        elif how == 3 and len(data) < 20000:
            step = lambda: random.randrange(1, 1449)
        elif how == 4 and len(data) < 3000:
            step = lambda: random.randrange(1, 60)
        else:  # where something looks like a response
            places = [match.start() for match in START.finditer(data) if match.start()]
            places = sorted(random.sample(places, min(len(places), 20)))
            places = [place for place in places if place % 3 or len(places) < 4] + [len(data)]
            whole, at = [], 0
            for place in places:
                while place - at > LARGEST:
                    at += LARGEST
                    whole.append(at)
                if place > at:
                    whole.append(place)
                at = place
            return whole
        whole, at = [], 0
        while at < len(data):
            at = min(len(data), at + step())
            whole.append(at)
        return whole

    def send(self, by_client, data, whole=False):
        """Sends data; yields after each new segment. whole: there is but one, with nothing else in it."""
        stream, base = self.stream[by_client], len(self.stream[by_client])
        for cut in [len(data)] if whole else self.cuts(data):
            start = len(stream)
            self.disturb(by_client)
            first = start
            if not whole and self.random.random() < 0.08 * self.loud:  # begins with what is not confirmed yet
                first = self.random.randrange(max(self.acked[by_client], start - 1400), start + 1)
            stream += data[start - base : cut]
            if len(stream) - first > LARGEST:
                first = start
            self.emit(by_client, first, stream[first:], ACK | PSH)
            yield

    def disturb(self, by_client):
        """Perhaps something is sent again, or confirmed."""
        random, stream = self.random, self.stream[by_client]
        if random.random() < 0.08 * self.loud:
            self.packets.append(self.packets[-1])
        if random.random() < 0.04 * self.loud:
            self.packets.append(random.choice(self.packets))
        if random.random() < 0.1 * self.loud and len(stream) > self.acked[by_client]:
            first = random.randrange(self.acked[by_client], len(stream))
            last = min(len(stream), first + random.randrange(1, 3000))
            self.emit(by_client, first, stream[first:last])
        if random.random() < 0.03 * self.loud:
            # Keep-alive; with a byte (RFC 1122 4.2.3.6) only where nothing is on its way.
            idle = stream and self.acked[by_client] == len(stream)
            self.emit(by_client, len(stream) - 1, random.choice((b"", b"\0")) if idle else b"")
        if random.random() < 0.2:
            self.emit(not by_client, len(self.stream[not by_client]), b"")

    def say(self, writes):
        """Sends a dialogue; a mixed write goes between the segments of the one before it."""
        at, told = 0, len(self.stream[False])
        for write in writes:
            if not write.by_client:
                self.heads.add(told)
                told += len(write.data)
        while at < len(writes):
            sending = [self.send(writes[at].by_client, writes[at].data, writes[at].whole)]
            at += 1
            if at < len(writes) and writes[at].mixed:
                sending.append(self.send(writes[at].by_client, writes[at].data, writes[at].whole))
                at += 1
            while sending:
                turn = self.random.choice(sending)
                try:
                    next(turn)
                except StopIteration:
                    sending.remove(turn)

    def end(self):
        how = self.random.randrange(4)
        if how == 0:
            return
        if how == 1:
            self.emit(True, len(self.stream[True]), b"", RST)
            return
        for side in (False, True):
            self.emit(side, len(self.stream[side]), b"", FIN | ACK)
            self.finished[side] = 1
        self.disturb(False)


def cut_short(random, packets, told):
    """
    The connection as it is when something pulls its cable, but not in the middle of a line that
    the server sends: when half a status line is one, is not for the RFC to say.
    """
    packets = packets[: random.randrange(3, len(packets) + 1)]
    while packets:
        end = max(packet.end for packet in packets if not packet.by_client)
        if not end or told[end - 1] == ord("\n"):
            break
        packets.pop()
    return packets


def tells_methods(packets):
    """Does each request that is HEAD begin a packet, which has its method?"""
    told = 0
    for packet in packets:
        if packet.by_client and packet.end > told:
            if packet.start < told or packet.end - packet.start < 5:
                return False
            told = packet.end
    return True


def mix_up(random, packets):
    """
    Packets of the server in another order, some of them twice, as far as the sensor holds what comes
    early: no more than 6 packets and 30,000 bytes wait, and none is confirmed before it came. Where
    the sensor cannot see a HEAD, it takes the next response only from a packet that comes in order.
    """
    if not tells_methods(packets):
        return packets
    whole, group, size = [], [], 0

    def shuffle():
        if random.random() < 0.5:
            random.shuffle(group)
        whole.extend(group)
        if group and random.random() < 0.2:
            whole.append(random.choice(group))
        group.clear()

    for packet in packets:
        length = packet.end - packet.start
        if packet.by_client or not length or len(group) == 6 or size + length > 30000:
            shuffle()
            size = 0
        if packet.by_client or not length:
            whole.append(packet)
        else:
            group.append(packet)
            size += length
    shuffle()
    return whole


def overtake(random, packets):
    """Packets that come in another order than they were sent in."""
    rate, far = random.choice((0.02, 0.1, 0.3)), random.choice((1, 2, 5))
    places = [number + (random.uniform(1, far + 1) if random.random() < rate else 0)
              for number in range(len(packets))]
    return [packet for _, packet in sorted(zip(places, packets), key=lambda pair: pair[0])]


def lose(random, packets):
    """Packets without those that a capture missed."""
    if not packets:
        return packets
    if random.random() < 0.2:  # one stretch
        first = random.randrange(len(packets))
        return packets[:first] + packets[first + random.randrange(1, 8) :]
    rate = random.choice((0.01, 0.04, 0.15))
    return [packet for packet in packets if random.random() >= rate]


def lose_bodies(random, packets, heads):
    """The same, but what the client sends is seen, and the first bytes of what the server answers."""
    rate = random.choice((0.02, 0.1, 0.4))
    return [packet for packet in packets if packet.by_client or random.random() >= rate or
            packet.start == packet.end or
            any(packet.start < head + STATUS_BYTES and packet.end > head for head in heads)]
