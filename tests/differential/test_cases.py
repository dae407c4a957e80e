# SPDX-License-Identifier: GPL-2.0-only
"""The generator: what it means to send is what the reference finds, and a seed says it all."""

import random as random_module
import unittest

import cases
import packets
import reference
import traffic
from traffic import Exchange


def final_statuses(exchanges):
    return [exchange.status if exchange.status >= 400 else 0 for exchange in exchanges]


def carried(random, writes):
    peers = packets.Peers(random, 77)
    carrier, _ = cases.carry(random, peers, 40000, writes)
    return [found.key.status for found in reference.read_capture(packet.frame for packet in carrier.packets)]


class Meaning(unittest.TestCase):
    def each(self, say, kinds, plain, rounds=150):
        for number in range(rounds):
            random = random_module.Random(number)
            exchanges = [Exchange(random, random.choice(kinds), plain) for _ in range(random.randrange(1, 9))]
            self.assertEqual(carried(random, say(random, exchanges)), final_statuses(exchanges), number)

    def test_one_after_another(self):
        self.each(traffic.sequential, ("length", "chunked", "zero", "none", "head"), False)

    def test_all_at_once(self):
        self.each(traffic.pipelined, ("length", "chunked", "zero", "none", "head"), False)

    def test_while_answered(self):
        self.each(traffic.mixed, ("length", "chunked", "zero", "none"), True)

    def test_until_the_end(self):
        for number in range(100):
            random = random_module.Random(number)
            exchanges = [Exchange(random, "close")]
            self.assertEqual(carried(random, traffic.sequential(random, exchanges)), final_statuses(exchanges))

    def test_tunnels(self):
        for number in range(100):
            random = random_module.Random(number)
            self.assertIn(carried(random, traffic.tunnel(random, number & 1)), ([], [0]))

    def test_other_protocols(self):
        for number in range(100):
            random = random_module.Random(number)
            self.assertEqual(carried(random, traffic.other_protocol(random)), [])


class Cases(unittest.TestCase):
    def test_a_seed_makes_the_same_again(self):
        for kind in "abc":
            self.assertEqual(cases.make_case(kind, "9", 5).sent, cases.make_case(kind, "9", 5).sent)
            self.assertNotEqual(cases.make_case(kind, "9", 5).sent, cases.make_case(kind, "8", 5).sent)

    def test_class_a_is_whole(self):
        for number in range(1, 50):
            case = cases.make_case("a", "1", number)
            self.assertEqual(set(case.sent), set(case.seen))


if __name__ == "__main__":
    unittest.main()
