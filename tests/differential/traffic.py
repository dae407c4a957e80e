# SPDX-License-Identifier: GPL-2.0-only
"""
What a client and a server say to each other: random HTTP/1.x as bytes, before TCP cuts it.

A dialogue is a list of writes. Where a write is `mixed`, it leaves while the one before it is still
on its way; where it is `whole`, it is one segment.
"""

from collections import namedtuple

Write = namedtuple("Write", "by_client data mixed whole", defaults=(False,))

UNSPLIT = 2500  # bytes of a segment that replay gives to the programs as one
IMITATION = b"HTTP/1.1 404 Not Found\r\n"
ANSWER = IMITATION + b"Content-Length: 0\r\n\r\n"
REASONS = {200: b"OK", 204: b"No Content", 206: b"Partial Content", 301: b"Moved", 304: b"Not Modified",
           400: b"Bad Request", 401: b"", 403: b"Forbidden", 404: b"Not Found", 418: b"I'm a teapot",
           499: b"Client Closed Request", 500: b"Internal Server Error", 502: b"Bad Gateway",
           503: b"Service Unavailable", 599: b"HTTP/1.1 404"}
WITH_BODY = [status for status in REASONS if status not in (204, 304)]
METHODS = [b"GET", b"GET", b"GET", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PROPFIND", b"M-SEARCH",
           b"VERSION-CONTROL", b"PATCH", b"A-METHOD-OF-MORE-THAN-TWENTY-THREE-LETTERS"]
FIELDS = [b"Server: x", b"server:x", b"Date: Sat, 21 Nov 2026 22:37:21 GMT", b"X-Content-Length: 77",
          b"Content-Language: en", b"Content-Lengths: 9", b"Content-Type:text/html",
          b"CONTENT-TYPE : text/plain", b"X: HTTP/1.1 404 Not Found", b"X-Folded: a\r\n Content-Length: 5",
          b"X-Empty:", b"A:1", b"Transfer-Encodings: chunked", b"TE: chunked", b"Trailer: X",
          b"Set-Cookie: a=b; Path=/", b"ETag: \"HTTP/1.1 500\"", b"X-Cr: a\rb"]


def odd_case(random, name):
    how = random.randrange(4)
    if how == 0:
        return name.lower()
    if how == 1:
        return name.upper()
    if how == 2:
        return bytes(byte ^ 0x20 if 65 <= byte & 0xDF <= 90 and random.random() < 0.5 else byte
                     for byte in name)
    return name


def some_length(random):
    how = random.random()
    if how < 0.15:
        return 0
    if how < 0.75:
        return random.randrange(1, 400)
    if how < 0.97:
        return random.randrange(400, 9000)
    return random.randrange(9000, 90000)


def some_bytes(random, length, plain=False):
    """A body; where plain, nothing in it could be taken for a response."""
    if plain:
        return (b"words \r\n\r\n0\r\n" * (length // 13 + 1))[:length]
    kind = random.randrange(6)
    if kind <= 2:
        whole = random.choice((IMITATION, ANSWER, ANSWER + b"\r\n", b"\r\n" + IMITATION,
                               b"HTTP/1.0 503 Oh\n\n"))
        return (whole * (length // len(whole) + 1))[:length]
    if kind == 3:
        return random.randbytes(length)
    if kind == 4:
        return ((b"0\r\n\r\n" + ANSWER) * (length // 50 + 1))[:length]
    return b"\n" * length


def fields(random, end):
    """Some header lines that do not frame anything."""
    lines = [random.choice(FIELDS) for _ in range(random.choice((0, 0, 1, 2, 3, 8)))]
    if random.random() < 0.08:
        lines.append(b"X-Long: " + b"HTTP/1.1 404 " * random.randrange(1, 300))
    return [line.replace(b"\r\n", end) for line in lines]


def length_field(random, length):
    digits = b"%d" % length
    if random.random() < 0.1:
        digits = b"000" + digits
    space = random.choice((b" ", b" ", b" ", b"", b"\t", b"  "))
    return odd_case(random, b"Content-Length") + b":" + space + digits + random.choice((b"", b"", b" ", b" \t"))


def chunked(random, body, end):
    """A body in chunks, with extensions and trailers."""
    out, at = bytearray(), 0
    extensions = random.random() < 0.3
    while at < len(body):
        size = min(len(body) - at, random.choice((1, 7, 45, 100, 3000, 20000)) if len(body) < 3000
                   else random.randrange(200, 8000))
        digits = random.choice((b"%x", b"%X", b"%04x")) % size
        if extensions and random.random() < 0.5:
            digits += random.choice((b";a=b", b" ; a=\"HTTP/1.1 404\"", b";" + b"x" * random.randrange(200)))
        out += digits + end + body[at : at + size] + b"\r\n"
        at += size
    out += random.choice((b"0", b"0", b"000", b"0;last")) + end
    for _ in range(random.choice((0, 0, 0, 1, 3))):
        out += random.choice((b"Content-Length: 77", b"X: " + IMITATION.strip(), b"Transfer-Encoding: chunked",
                              b"X-Long: " + b"y" * random.randrange(300))) + end
    return bytes(out + end)


def coding_field(random):
    value = random.choice((b" chunked", b"chunked", b" Chunked", b" gzip, chunked", b"\tCHUNKED"))
    return odd_case(random, b"Transfer-Encoding") + b":" + value


def head(line, lines, end):
    return end.join([line, *lines]) + end + end


def shuffled(random, lines):
    random.shuffle(lines)
    return lines


class Exchange:
    """A request, and what answers it. kind: how the answer ends."""

    def __init__(self, random, kind=None, plain=False, method=None):
        self.random = random
        self.plain = plain
        self.kind = kind or random.choices(
            ("length", "chunked", "zero", "none", "head", "close"), (6, 5, 1, 2, 2, 0))[0]
        self.method = method or (b"HEAD" if self.kind == "head" else random.choice(METHODS))
        self.expects = False
        self.request_head, self.request_body = self.make_request()
        self.response = self.make_interim() + self.make_final()

    def make_request(self):
        random = self.random
        end = b"\n" if random.random() < 0.1 else b"\r\n"
        target = b"/" + random.choice((b"", b"a?b=HTTP/1.1", b"x" * random.randrange(2000)))
        lines, body = [b"Host: a", *fields(random, end)], b""
        if self.method not in (b"GET", b"HEAD", b"DELETE", b"OPTIONS") and random.random() < 0.9:
            body = some_bytes(random, some_length(random), self.plain)
            self.expects = random.random() < 0.3
            if self.expects:
                lines.append(b"Expect: 100-continue")
            if random.random() < 0.4:
                lines.append(coding_field(random))
                body = chunked(random, body, b"\r\n")
            else:
                lines.append(length_field(random, len(body)))
        return head(self.method + b" " + target + b" HTTP/1.1", shuffled(random, lines), end), body

    def make_interim(self):
        random, out = self.random, b""
        while random.random() < 0.1:
            out += random.choice((b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 102 Processing\r\n\r\n",
                                  b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 50\r\n\r\n"))
        return out

    def make_final(self):
        random, kind = self.random, self.kind
        end = b"\n" if random.random() < 0.1 else b"\r\n"
        status = random.choice((204, 304)) if kind == "none" else random.choice(WITH_BODY)
        lines, body = fields(random, end), b""
        framing = kind
        if kind == "head":
            framing = random.choice(("length", "chunked", "zero", "close"))
        if kind == "none":
            lines += random.choice(([], [b"Content-Length: 500"], [b"Transfer-Encoding: chunked"])) \
                if status == 304 else []
        elif framing == "zero":
            lines.append(length_field(random, 0))
        elif framing == "length":
            body = some_bytes(random, some_length(random), self.plain)
            lines.append(length_field(random, len(body)))
            if random.random() < 0.1:
                lines.append(lines[-1])
        elif framing == "chunked":
            body = chunked(random, some_bytes(random, some_length(random), self.plain), end)
            lines.append(coding_field(random))
            if random.random() < 0.1:
                lines.append(b"Content-Length: 9999")
        elif framing == "close":
            body = some_bytes(random, some_length(random), self.plain)
        if kind == "head":
            body = b""
        self.framing, self.status = framing, status
        version = random.choice((b"HTTP/1.1 ", b"HTTP/1.1 ", b"HTTP/1.0 "))
        line = version + b"%d" % status + random.choice((b" " + REASONS[status], b" ", b""))
        told = head(line, shuffled(random, lines), end) + body
        return told[:8] + told[8:].replace(b"HTTP/1.", b"HTTP-1.") if self.plain else told


def sequential(random, exchanges, empty_lines=False):
    """One exchange after another; perhaps with empty lines between them."""
    writes = []
    for number, exchange in enumerate(exchanges):
        body = exchange.request_body
        if empty_lines and random.random() < 0.3:
            exchange.request_head = b"\r\n" + exchange.request_head  # RFC 9112 2.2
        if exchange.expects and random.random() < 0.8:
            writes.append(Write(True, exchange.request_head, False))
            writes.append(Write(False, b"HTTP/1.1 100 Continue\r\n\r\n", False))
            writes.append(Write(True, body, False))
        else:
            writes.append(Write(True, exchange.request_head + body, False))
        lead = b""
        follows = number and exchanges[number - 1].kind in ("length", "chunked", "zero", "none")
        if empty_lines and follows and random.random() < 0.3:
            lead = random.choice((b"\r\n", b"\n", b"\r\n\r\n"))
        writes.append(Write(False, lead + exchange.response, False))
    return writes


def pipelined(random, exchanges):
    """All requests at once, then all answers."""
    asked = b"".join(exchange.request_head + exchange.request_body for exchange in exchanges)
    told = b"".join(exchange.response for exchange in exchanges)
    return [Write(True, asked, False), Write(False, told, False)]


def in_segments(random, exchanges):
    """The same, one or more requests to a segment, none in two."""
    segments = [b""]
    for exchange in exchanges:
        asked = exchange.request_head + exchange.request_body
        if len(segments[-1]) + len(asked) > UNSPLIT or random.random() < 0.3:
            segments.append(b"")
        segments[-1] += asked
    return [Write(True, asked, False, True) for asked in segments if asked] + [
        Write(False, b"".join(exchange.response for exchange in exchanges), False)]


def mixed(random, exchanges):
    """Each further request leaves while the answer before it is on its way."""
    writes = []
    for number, exchange in enumerate(exchanges):
        writes.append(Write(True, exchange.request_head + exchange.request_body, number > 0))
        writes.append(Write(False, exchange.response, False))
    return writes


def tunnel(random, chatty):
    """CONNECT or Upgrade, then bytes that are nobody's business. chatty: the client speaks too."""
    if random.random() < 0.5:
        asked = b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"
        told = b"HTTP/1.1 200 Connection established\r\n\r\n"
    else:
        asked = b"GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        told = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    writes = [Write(True, asked, False), Write(False, told, False)]
    for _ in range(random.randrange(1, 5)):
        if chatty:
            writes.append(Write(True, some_bytes(random, random.randrange(1, 300)), False))
        writes.append(Write(False, some_bytes(random, random.randrange(1, 600), plain=chatty), False))
    return writes


def other_protocol(random):
    """Not HTTP, though it speaks of it."""
    kind = random.randrange(4)
    if kind == 0:
        return [Write(False, b"220 mail.example ESMTP\r\n", False), Write(True, b"EHLO a\r\n", False),
                Write(False, b"250 OK\r\n", False), Write(True, b"DATA\r\n", False),
                Write(False, b"354 go on\r\n", False),
                Write(True, b"Subject: HTTP\r\n\r\n" + IMITATION * 9 + b".\r\n", False),
                Write(False, b"250 OK\r\n", False)]
    if kind == 1:
        value = some_bytes(random, random.randrange(1, 900))
        return [Write(True, b"get page\r\n", False),
                Write(False, b"VALUE page 0 %d\r\n%s\r\nEND\r\n" % (len(value), value), False)] * 2
    if kind == 2:
        return [Write(True, b"\x16\x03\x01\x02\x00\x01" + random.randbytes(500), False),
                Write(False, b"\x16\x03\x03\x02\x00\x02" + random.randbytes(2000), False),
                Write(True, b"\x17\x03\x03" + random.randbytes(100), False)]
    return [Write(side, random.randbytes(random.randrange(1, 200)), False)
            for side in (True, False, True, False)]


def early(random, exchange):
    """An answer that does not wait for the request's body."""
    return [Write(True, exchange.request_head, False),
            Write(True, exchange.request_body or b"x", False),
            Write(False, exchange.response, True)]
