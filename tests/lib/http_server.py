# SPDX-License-Identifier: GPL-2.0-only
"""A server that says what it is asked to, in the way it is asked to.

usage: http_server.py [--log FILE] PORT

GET /WAY/STATUS answers with that status, HEAD with the same and no body:
  bytes     byte by byte, one segment each
  splits    at random places
  chunked   chunks with extensions, and trailers
  shreds    the same with odd lines, cut into single bytes and at random places
  lf        lines that end with LF alone
  none      no body (204, 304), though a length is given where it may be
  close     no length: the body ends with the connection
  hostile   a body of status lines, one segment each
  interim   a 103 before the response
  manyfold  five interim responses before the response
  switch    101: then status lines, until the server ends it (not in the log)
  tunnel    to CONNECT: after the response status lines, until the server ends it
  twocpus   sent from two CPUs in turn
Each response is a line of the log: client, server, port, status; interim ones are not.
"""
import os
import random
import socket
import socketserver
import sys
import threading

FAKE = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
random_splits = random.Random(7)


def with_length(status, body):
    return b"HTTP/1.1 %d Whatever\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body


def way_bytes(status):
    data = with_length(status, b"HTTP/1.1 404\r\n")
    return [data[i:i + 1] for i in range(len(data))]


def way_splits(status):
    data, pieces = with_length(status, FAKE * 20), []
    while data:
        n = random_splits.randint(1, 60)
        pieces.append(data[:n])
        data = data[n:]
    return pieces


def way_chunked(status):
    head = b"HTTP/1.1 %d Whatever\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n" % status
    chunk = b"%x;name=\"value\"\r\n%s\r\n" % (len(FAKE), FAKE)
    return [head] + [chunk] * 5 + [b"0\r\nX-Sum: 1\r\n\r\n"]


def shred(data):
    """Single bytes for a while, then pieces of any size."""
    pieces = [data[i:i + 1] for i in range(min(40, len(data)))]
    data = data[40:]
    while data:
        n = random_splits.choice((1, 2, 3, 13, 40, 600))
        pieces.append(data[:n])
        data = data[n:]
    return pieces


def way_shreds(status):
    head = (b"HTTP/1.1 %d \r\ntransfer-encoding:chunked\r\nTrailer: X-Sum\r\nX-Long: %s\r\n\r\n"
            % (status, FAKE[:-4].replace(b"\r\n", b" ") * 20))
    chunks = b"".join(b"%04X;a;b=\"%s\"\r\n%s\r\n" % (len(body), b"0\t" * n, body)
                      for n, body in enumerate((b"\n", FAKE, b"0\r\n\r\n", FAKE * 3, b"HTTP/1.1 ")))
    return shred(head + chunks + b"000;last\r\nX-Sum: HTTP/1.1 404\r\nHTTP/1.1 404 Not: a field\r\n\r\n")


def way_lf(status):
    head = b"HTTP/1.1 %d Whatever\nTransfer-Encoding: chunked\n\n" % status
    return [head, b"%x\n%s\r\n" % (len(FAKE), FAKE), b"0\nX-Sum: 1\n\n"]


def way_none(status):
    length = b"Content-Length: 1000\r\n" if status == 304 else b""
    return [b"HTTP/1.1 %d Whatever\r\n%s\r\n" % (status, length)]


def way_switch(status):
    return [b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"] + [FAKE] * 20


def way_tunnel(status):
    return [b"HTTP/1.1 %d Whatever\r\n\r\n" % status] + [FAKE] * 20


def way_close(status):
    return [b"HTTP/1.1 %d Whatever\r\nConnection: close\r\n\r\n" % status, FAKE, FAKE]


def way_hostile(status):
    body = FAKE * 50
    data = with_length(status, body)
    return [data[:-len(body)]] + [FAKE] * 50


def way_interim(status):
    return [b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", with_length(status, FAKE)]


def way_manyfold(status):
    return [b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"] * 5 + way_hostile(status)


def way_twocpus(status):
    return [with_length(status, b"x" * 100)]


WAYS = {name[4:]: f for name, f in list(globals().items()) if name.startswith("way_")}
UNTIL_END = ("close", "switch", "tunnel")


def heads(pieces):
    """The response without its body; interim ones stay."""
    blocks, rest = [], b"".join(pieces)
    while not blocks or blocks[-1].startswith(b"HTTP/1.1 1"):
        block, blank, rest = rest.partition(b"\r\n\r\n" if b"\r\n" in rest else b"\n\n")
        blocks.append(block + blank)
    return blocks


class Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def read_request(self):
        """Method and path, or None where the client has gone."""
        line = self.rfile.readline()
        while line in (b"\r\n", b"\n"):  # RFC 9112 2.2
            line = self.rfile.readline()
        words = line.split()
        if len(words) < 2:
            return None
        length = 0
        while (line := self.rfile.readline().strip()):
            name, _, value = line.lower().partition(b":")
            if name == b"content-length":
                length = int(value)
            if name == b"expect":
                self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.rfile.read(length)
        return words[0], words[1]

    def log(self, status):
        client, server = (a[0].removeprefix("::ffff:") for a in
                          (self.client_address, self.connection.getsockname()))
        self.server.log(f"{client} {server} {self.server.server_address[1]} {status}\n")

    def handle(self):
        count = 0
        while (request := self.read_request()):
            _, way, status = request[1].decode().split("/")[:3]
            if way == "twocpus":
                os.sched_setaffinity(0, {self.server.cpus[count % len(self.server.cpus)]})
            pieces = WAYS[way](int(status))
            if request[0] == b"HEAD":
                pieces = heads(pieces)
            if way != "switch":
                self.log(status)
            for piece in pieces:
                self.connection.sendall(piece)
            count += 1
            if way in UNTIL_END and request[0] != b"HEAD":
                return


class Server(socketserver.ThreadingTCPServer):
    address_family = socket.AF_INET6  # and IPv4, mapped
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port, path):
        self.cpus = sorted(os.sched_getaffinity(0))[:2]
        self.lock = threading.Lock()
        self.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        super().__init__(("::", port), Handler)

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()

    def log(self, line):
        with self.lock:
            os.write(self.fd, line.encode())

    def handle_error(self, request, client_address):
        pass  # a client that went away


def main():
    args = sys.argv[1:]
    path = "/dev/null"
    if args[0] == "--log":
        path, args = args[1], args[2:]
    with Server(int(args[0]), path) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
