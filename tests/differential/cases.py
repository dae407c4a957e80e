# SPDX-License-Identifier: GPL-2.0-only
"""
Cases of the three classes, each from a random generator of its own, so that one can be made again.

a  Whole, though repeated, cut anyhow, and mixed up within what the sensor holds: the counts must be
   equal.
b  With packets that overtake each other, or that the capture misses, once a connection has carried
   its first response: never more than there were; and where the sensor counts less than stands in
   the capture, its counters name why. Bodies imitate responses only where the capture has the
   beginning of each response.
c  What cannot be known without the request, or is documented as not known. Never more than there
   were, but for the families that say `imitations`: there never more than lines that could pass
   for responses; and but for those that say `named`: where fewer are counted, counters name why.
   The families, by the rows of tests/bpf/rows_*.c that say the same:
   head_with_length     (named, imitations) HEAD pipelined with a length, in requests that are cut
                        anyhow: taken for a body, it ends where a text may imitate
   length_list          a list of the same length twice in one field
   coding_not_chunked   a transfer coding without chunked is taken for chunked
   line_feed_chunks     a bare line feed behind chunk data
   tiny_chunks          a segment of ten thousand one-byte chunks exceeds the step budget
   empty_line_first     empty lines before the first response of a connection: not looked for
   loss_at_start        the same as b from the first packet on: what is lost may have no name
   talk_over_body       (imitations) a body that imitates, after the client has sent more
   talk_in_tunnel       (imitations) the same in a tunnel
   loss_before_body     (imitations) a body that imitates, behind the lost start of its response
   mail_of_status_lines (imitations) a server says words, then its client begins with a status line
"""

import random as random_module
from collections import namedtuple

import packets
import traffic
from traffic import Exchange, Write

# links: one (client port, client's initial sequence number, packets seen) for each connection.
# names: what is counted less, counters must name.
Case = namedtuple("Case", "name seed peers sent seen links imitations names")


def some_exchanges(random, plain=False, kinds=None):
    count = random.choice((1, 1, 2, 3, 5, 9))
    return [Exchange(random, kinds and random.choice(kinds), plain) for _ in range(count)]


def one_after_another(random, plain):
    exchanges = some_exchanges(random, plain)
    if random.random() < 0.15:
        exchanges.append(Exchange(random, "close", plain))
    return traffic.sequential(random, exchanges)


def told_one_by_one(random, plain):
    return traffic.sequential(random, some_exchanges(random, plain))


def with_empty_lines(random, plain):
    return traffic.sequential(random, some_exchanges(random, plain), empty_lines=True)


def all_at_once(random, plain):
    exchanges = some_exchanges(random, plain, BODIES)
    for place in range(len(exchanges)):  # HEAD only where what follows tells that it was one
        if random.random() < 0.2:
            head = Exchange(random, "head", plain)
            if head.framing in ("chunked", "zero"):
                exchanges[place] = head
    if random.random() < 0.2:
        exchanges.append(Exchange(random, random.choice(("head", "close")), plain))
    return traffic.pipelined(random, exchanges)


def asked_in_segments(random, plain):
    """Which of the responses is a HEAD's is known, but behind bodies in chunks."""
    exchanges = [Exchange(random, random.choice(BODIES + ("head", "head")), plain) for _ in range(9)]
    return traffic.in_segments(random, [
        exchange for exchange in exchanges + [Exchange(random, "zero", plain, b"GET")]
        if len(exchange.request_head + exchange.request_body) < traffic.UNSPLIT
        and b"\ntransfer-encoding:" not in exchange.request_head.lower()])


def while_answered(random, _):
    return traffic.mixed(random, some_exchanges(random, True, BODIES))


def before_asked(random, _):
    method = random.choice((b"POST", b"PUT"))
    return traffic.early(random, Exchange(random, random.choice(BODIES), True, method))


def in_tunnel(random, plain):
    return traffic.tunnel(random, chatty=plain or random.random() < 0.5)


def no_http(random, _):
    return traffic.other_protocol(random)


BODIES = ("length", "chunked", "zero", "none")
ALWAYS = ((all_at_once, 4), (while_answered, 2), (before_asked, 1), (in_tunnel, 1))
ORDINARY = ALWAYS + ((asked_in_segments, 3), (one_after_another, 10), (no_http, 1), (with_empty_lines, 2))
DAMAGED = ALWAYS + ((told_one_by_one, 10),)


def ordinary(random, plain, among=ORDINARY):
    kinds, weights = zip(*among)
    return random.choices(kinds, weights)[0](random, plain)


def head_with_length(random):
    exchanges = some_exchanges(random, kinds=("length", "zero", "head"))
    return traffic.pipelined(random, exchanges + [Exchange(random, "head"), Exchange(random, "zero")])


def answers(random, *told):
    """GET for each of the answers, all at once or one after another."""
    get = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    if random.random() < 0.5:
        return [Write(True, get * len(told), False), Write(False, b"".join(told), False)]
    return [write for answer in told for write in (Write(True, get, False), Write(False, answer, False))]


def length_list(random):
    return answers(random, b"HTTP/1.1 404 No\r\nContent-Length: 1, 1\r\n\r\n!", traffic.ANSWER)


def coding_not_chunked(random):
    return answers(random, b"HTTP/1.1 404 No\r\nTransfer-Encoding: gzip\r\n\r\nzzz\n")


def line_feed_chunks(random):
    told = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\n5\r\nhello\r\n0\r\n\r\n"
    return answers(random, traffic.ANSWER, told, traffic.ANSWER)


def tiny_chunks(random):
    told = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 9999 + b"0\r\n\r\n"
    return answers(random, told, traffic.ANSWER)


def empty_line_first(random):
    return answers(random, b"\r\n" + traffic.ANSWER, traffic.ANSWER)


def talk_over_body(random):
    exchanges = some_exchanges(random, kinds=BODIES)
    return traffic.mixed(random, exchanges + [Exchange(random, "close")] + some_exchanges(random))


def talk_in_tunnel(random):
    writes = traffic.tunnel(random, chatty=True)
    return writes[:2] + [write if write.by_client else write._replace(data=traffic.ANSWER * 3)
                         for write in writes[2:]]


def loss_before_body(random):
    return ordinary(random, False)


def loss_at_start(random):
    return ordinary(random, True)


def mail_of_status_lines(random):
    return [Write(False, b"220 mail.example ESMTP\r\n", False), Write(True, b"DATA\r\n", False),
            Write(False, b"354 go on\r\n", False), Write(True, traffic.ANSWER * 9 + b".\r\n", False)]


NAMED = ("head_with_length",)
IMITATING = ("head_with_length", "talk_over_body", "talk_in_tunnel", "loss_before_body", "mail_of_status_lines")
UNKNOWABLE = (talk_over_body, talk_in_tunnel, loss_before_body, mail_of_status_lines, loss_at_start,
              head_with_length, length_list, coding_not_chunked, line_feed_chunks, tiny_chunks,
              empty_line_first)


def carry(random, peers, cport, *dialogues):
    """A connection that has carried dialogues, and how many packets it had before the last one."""
    carrier = packets.Carrier(random, peers, cport, loud=random.choice((0, 0.3, 1, 2)))
    carrier.handshake()
    for writes in dialogues:
        before = len(carrier.packets)
        carrier.say(writes)
    carrier.end()
    return carrier, before


def change(random, how, carrier, whole):
    """What is seen of packets."""
    if how == "lose_bodies":
        return packets.lose_bodies(random, whole, carrier.heads)
    return getattr(packets, how)(random, whole) if how else whole


def speak(random, kind):
    """What a connection of this class is about: its name, dialogues, what is done to the last one."""
    if kind == "a":
        how = random.choice((None, "mix_up"))
        return f" {how}" if how else "", [ordinary(random, False)], how
    if kind == "b":
        how = random.choice(("overtake", "lose", "lose_bodies"))
        first = answers(random, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        return " " + how, [first, ordinary(random, how != "lose_bodies", DAMAGED)], how
    family = random.choice(UNKNOWABLE)
    losing = (loss_before_body, loss_at_start)
    how = random.choice(("overtake", "lose")) if family in losing else None
    return " " + family.__name__, [family(random)], how


def make_case(kind, seed, number):
    """Case `number` (1 to 65535) of class `kind`: its client has an address of its own."""
    random = random_module.Random(f"{seed}/{kind}/{number}")
    peers = packets.Peers(random, "abc".index(kind) << 16 | number)
    sent, seen, links, imitations, name, names = [], [], [], 0, kind, True
    cport = random.randrange(1024, 60000)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        about, dialogues, how = speak(random, kind)
        name += about
        names = names and (kind == "b" or about.strip() in NAMED)
        carrier, before = carry(random, peers, cport, *dialogues)
        link = (cport, carrier.isn[True] & 0xFFFFFFFF)
        if link in [other[:2] for other in links]:
            continue  # by its SYN alone that is the same connection
        if kind == "c" and how:
            before = 0
        whole = carrier.packets
        if random.random() < 0.15:
            whole = packets.cut_short(random, whole, carrier.stream[False])
        if kind == "a":
            before = 0
        part = whole[:before] + change(random, how, carrier, whole[before:])
        if about.strip() in IMITATING:
            for side in (True, False):
                imitations += len(packets.START.findall(carrier.stream[side]))
        links.append((*link, part))
        sent += whole
        seen += part
        cport += random.choice((0, 1))  # the same port again, or another
    return Case(name, f"--seed {seed} --only {kind}{number}", peers, sent, seen, links, imitations, names)
