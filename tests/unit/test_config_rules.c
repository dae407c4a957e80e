/* SPDX-License-Identifier: GPL-2.0-only */
/* What is said about rules that cannot be. */
#include "tests/unit/config_help.h"

static const struct mistake rules_mistakes[] = {
	{ "ids that are none",
	  "rules:\n"
	  "  My: {}\n"
	  "  a_b: {}\n"
	  "  \"\": {}\n",
	  "f:2:3: 'My' cannot name a rule: expected 1 to 64 of a-z, 0-9 and '-'\n"
	  "f:3:3: 'a_b' cannot name a rule: expected 1 to 64 of a-z, 0-9 and '-'\n"
	  "f:4:3: '' cannot name a rule: expected 1 to 64 of a-z, 0-9 and '-'\n" },
	{ "a rule that is no map",
	  "rules:\n"
	  "  mine:\n"
	  "    - x\n",
	  "f:3:5: a rule cannot be a list: expected a map of keys\n" },
	{ "a rule without anything",
	  "rules:\n"
	  "  mine:\n",
	  "f:2:3: the rule 'mine' needs a 'threshold' or an 'anomaly'\n"
	  "f:2:3: the rule 'mine' needs a 'feed': http or drop\n" },
	{ "a rule without a feed", "rules: {mine: {threshold: {}}}\n",
	  "f:1:9: the rule 'mine' needs a 'feed': http or drop\n" },
	{ "a rule without a kind", "rules: {mine: {feed: http}}\n",
	  "f:1:9: the rule 'mine' needs a 'threshold' or an 'anomaly'\n" },
	{ "a rule of both kinds", "rules: {mine: {feed: http, threshold: {}, anomaly: {}}}\n",
	  "f:1:9: the rule 'mine' has both 'threshold' and 'anomaly': expected one\n" },
	{ "an unknown feed", "rules: {mine: {feed: drops, threshold: {}}}\n",
	  "f:1:22: 'feed' cannot be 'drops': expected http or drop (did you mean 'drop'?)\n" },
	{ "another feed for a built-in rule", "rules: {firewall-deny-spike: {feed: http}}\n",
	  "f:1:37: the feed of the built-in rule 'firewall-deny-spike' is drop: expected a rule of your own\n" },
	{ "values of a rule",
	  "rules:\n"
	  "  mine:\n"
	  "    feed: http\n"
	  "    threshold: {}\n"
	  "    enabled: on\n"
	  "    prototype: 1\n"
	  "    severity: 11\n"
	  "    risk_score: 101\n"
	  "    suppress: 31d\n"
	  "    tags: T1\n",
	  "f:5:14: 'enabled' cannot be 'on': expected true or false\n"
	  "f:6:16: 'prototype' cannot be '1': expected true or false\n"
	  "f:7:15: 'severity' cannot be '11': expected a whole number from 0 to 10\n"
	  "f:8:17: 'risk_score' cannot be '101': expected a whole number from 0 to 100\n"
	  "f:9:15: 'suppress' cannot be '31d': expected 0s to 30d\n"
	  "f:10:11: 'tags' cannot be 'T1': expected a list\n" },
	{ "texts of a rule",
	  "rules:\n"
	  "  mine:\n"
	  "    feed: http\n"
	  "    threshold: {}\n"
	  "    title:\n"
	  "    summary: []\n"
	  "    false_positives: [a, ~]\n"
	  "    references: [\"\"]\n"
	  "    category: {}\n",
	  "f:5:11: 'title' cannot be empty: expected text\n"
	  "f:6:14: 'summary' cannot be a list: expected text\n"
	  "f:7:26: 'false_positives' cannot be empty: expected text\n"
	  "f:8:18: 'references' cannot be '': expected text\n"
	  "f:9:15: 'category' cannot be a map: expected text\n" },
	{ "numbers that are none",
	  "rules:\n"
	  "  mine:\n"
	  "    feed: http\n"
	  "    threshold: {}\n"
	  "    severity: -1\n"
	  "    risk_score: 1.5\n",
	  "f:5:15: 'severity' cannot be '-1': expected a whole number from 0 to 10\n"
	  "f:6:17: 'risk_score' cannot be '1.5': expected a whole number from 0 to 100\n" },
	{ "a number in octal",
	  "rules:\n"
	  "  mine:\n"
	  "    feed: http\n"
	  "    threshold: {}\n"
	  "    severity: 007\n",
	  "f:5:15: 'severity' cannot be '007': expected a whole number from 0 to 10\n" },
	{ "a number past 64 bits",
	  "rules:\n"
	  "  mine:\n"
	  "    feed: http\n"
	  "    threshold: {}\n"
	  "    severity: 99999999999999999999999\n",
	  "f:5:15: 'severity' cannot be '99999999999999999999999': expected a whole number from 0 to 10\n" },
	{ "a number in quotes",
	  "rules:\n"
	  "  mine:\n"
	  "    feed: http\n"
	  "    threshold: {}\n"
	  "    severity: \"3\"\n",
	  "f:5:15: 'severity' cannot be '3': expected a number without quotes\n" },
	{ "placeholders of a summary",
	  "rules:\n"
	  "  mine:\n"
	  "    feed: http\n"
	  "    threshold: {}\n"
	  "    summary: \"{clent} {} {client} {Client} {a\"\n",
	  "f:5:14: 'summary' has no placeholder 'clent' (did you mean 'client'?)\n"
	  "f:5:14: 'summary' has no placeholder ''\n"
	  "f:5:14: 'summary' has no placeholder 'Client' (did you mean 'client'?)\n"
	  "f:5:14: 'summary' has a '{' without '}'\n" },
	{ "a placeholder in a placeholder",
	  "rules:\n"
	  "  mine:\n"
	  "    feed: http\n"
	  "    threshold: {}\n"
	  "    summary: \"{{client}}\"\n",
	  "f:5:14: 'summary' has no placeholder '{client' (did you mean 'client'?)\n" },
	{ "counts",
	  "rules: {mine: {feed: http, threshold: {count: 0}}, two: {feed: http, threshold: {count: 4294967296}}, three: {feed: http, threshold: {count: }}}\n",
	  "f:1:47: 'count' cannot be '0': expected a whole number from 1 to 4294967295\n"
	  "f:1:89: 'count' cannot be '4294967296': expected a whole number from 1 to 4294967295\n"
	  "f:1:142: 'count' cannot be empty: expected a whole number from 1 to 4294967295\n" },
	{ "windows",
	  "rules:\n"
	  "  a: {feed: http, threshold: {window: 0}}\n"
	  "  b: {feed: http, threshold: {window: 500ms}}\n"
	  "  c: {feed: http, threshold: {window: 25h}}\n"
	  "  d: {feed: http, threshold: {window: 1500ms}}\n"
	  "  e: {feed: http, threshold: {window: 5 m}}\n"
	  "  f: {feed: http, threshold: {window: 5M}}\n"
	  "  g: {feed: http, threshold: {window: 1h30m}}\n"
	  "  h: {feed: http, threshold: {window: 99999999999999999d}}\n",
	  "f:2:39: 'window' cannot be '0': expected 1s to 24h\n"
	  "f:3:39: 'window' cannot be '500ms': expected 1s to 24h\n"
	  "f:4:39: 'window' cannot be '25h': expected 1s to 24h\n"
	  "f:5:39: 'window' cannot be '1500ms': expected whole seconds\n"
	  "f:6:39: 'window' cannot be '5 m': expected a duration such as 300ms, 2s, 5m, 24h or 7d\n"
	  "f:7:39: 'window' cannot be '5M': expected a duration such as 300ms, 2s, 5m, 24h or 7d\n"
	  "f:8:39: 'window' cannot be '1h30m': expected a duration such as 300ms, 2s, 5m, 24h or 7d\n"
	  "f:9:39: 'window' cannot be '99999999999999999d': expected 1s to 24h\n" },
	{ "distinct",
	  "rules:\n"
	  "  mine:\n"
	  "    feed: http\n"
	  "    threshold: {distinct: source}\n"
	  "  two: {feed: drop, threshold: {distinct: client}}\n"
	  "  three: {feed: http, threshold: {distinct: status}}\n"
	  "  four: {feed: drop, threshold: {distinct: [port]}}\n",
	  "f:4:27: 'distinct' cannot be 'source': expected 'client', as the feed is http\n"
	  "f:5:43: 'distinct' cannot be 'client': expected 'source', as the feed is drop\n"
	  "f:6:45: 'distinct' cannot be 'status': expected client, server or port\n"
	  "f:7:44: 'distinct' cannot be a list: expected source, destination or port\n" },
	{ "keys of the other kind",
	  "rules:\n"
	  "  mine:\n"
	  "    feed: http\n"
	  "    threshold: {bucket: 15m, counts: 3}\n"
	  "  two: {feed: drop, anomaly: {count: 3, scor: 1}}\n",
	  "f:4:17: 'bucket' is not a key of 'threshold': expected count, window or distinct\n"
	  "f:4:30: 'counts' is not a key of 'threshold' (did you mean 'count'?)\n"
	  "f:5:31: 'count' is not a key of 'anomaly': expected bucket, score, min_count or side\n"
	  "f:5:41: 'scor' is not a key of 'anomaly' (did you mean 'score'?)\n" },
	{ "values of an anomaly",
	  "rules: {mine: {feed: drop, anomaly: {bucket: 999ms, score: 0, min_count: -1, side: up}}}\n",
	  "f:1:46: 'bucket' cannot be '999ms': expected 1s to 24h\n"
	  "f:1:60: 'score' cannot be '0': expected a number from 1 to 100 with at most three decimals\n"
	  "f:1:74: 'min_count' cannot be '-1': expected a whole number from 0 to 4294967295\n"
	  "f:1:84: 'side' cannot be 'up': expected high, low or both\n" },
	{ "scores",
	  "rules:\n"
	  "  a: {feed: drop, anomaly: {score: 100.5}}\n"
	  "  b: {feed: drop, anomaly: {score: 75.1234}}\n"
	  "  c: {feed: drop, anomaly: {score: .5}}\n"
	  "  d: {feed: drop, anomaly: {score: 75.}}\n"
	  "  e: {feed: drop, anomaly: {score: \"75\"}}\n"
	  "  f: {feed: drop, anomaly: {score: 0.999}}\n",
	  "f:2:36: 'score' cannot be '100.5': expected a number from 1 to 100 with at most three decimals\n"
	  "f:3:36: 'score' cannot be '75.1234': expected a number from 1 to 100 with at most three decimals\n"
	  "f:4:36: 'score' cannot be '.5': expected a number from 1 to 100 with at most three decimals\n"
	  "f:5:36: 'score' cannot be '75.': expected a number from 1 to 100 with at most three decimals\n"
	  "f:6:36: 'score' cannot be '75': expected a number without quotes\n"
	  "f:7:36: 'score' cannot be '0.999': expected a number from 1 to 100 with at most three decimals\n" },
	{ "group_by",
	  "rules:\n"
	  "  mine:\n"
	  "    feed: http\n"
	  "    threshold: {}\n"
	  "    group_by: [source, destination, reason, client, prot]\n"
	  "  two: {feed: drop, threshold: {}, group_by: [client, server, status]}\n",
	  "f:5:16: 'group_by' cannot be 'source': expected 'client', as the feed is http\n"
	  "f:5:24: 'group_by' cannot be 'destination': expected 'server', as the feed is http\n"
	  "f:5:37: 'group_by' cannot be 'reason': expected client, server or port\n"
	  "f:5:53: 'group_by' cannot be 'prot': expected client, server or port (did you mean 'port'?)\n"
	  "f:6:47: 'group_by' cannot be 'client': expected 'source', as the feed is drop\n"
	  "f:6:55: 'group_by' cannot be 'server': expected 'destination', as the feed is drop\n"
	  "f:6:63: 'group_by' cannot be 'status': expected source, destination, port or reason\n" },
	{ "group_by of the wrong type",
	  "rules:\n"
	  "  mine:\n"
	  "    feed: http\n"
	  "    threshold: {}\n"
	  "    group_by: {client: true}\n"
	  "  two: {feed: drop, threshold: {}, group_by: }\n",
	  "f:5:15: 'group_by' cannot be a map: expected a value or a list of values\n"
	  "f:6:46: 'group_by' cannot be empty: expected a value or a list of values\n" },
};

static const struct mistake match_mistakes[] = {
	{ "words of the other feed, in match",
	  "rules:\n"
	  "  mine:\n"
	  "    feed: http\n"
	  "    threshold: {}\n"
	  "    match: {source: self, destination: self, proto: tcp, class: other, reason: X, hook: xdp}\n"
	  "  two: {feed: drop, threshold: {}, match: {client: self, server: self, status: 404}}\n",
	  "f:5:13: 'source' is not a key of 'match': as the feed is http, write 'client'\n"
	  "f:5:27: 'destination' is not a key of 'match': as the feed is http, write 'server'\n"
	  "f:5:46: 'proto' is not a key of 'match': it is for feed drop alone\n"
	  "f:5:58: 'class' is not a key of 'match': it is for feed drop alone\n"
	  "f:5:72: 'reason' is not a key of 'match': it is for feed drop alone\n"
	  "f:5:83: 'hook' is not a key of 'match': it is for feed drop alone\n"
	  "f:6:44: 'client' is not a key of 'match': as the feed is drop, write 'source'\n"
	  "f:6:58: 'server' is not a key of 'match': as the feed is drop, write 'destination'\n"
	  "f:6:72: 'status' is not a key of 'match': it is for feed http alone\n" },
	{ "words of the other feed, in except",
	  "rules:\n"
	  "  mine:\n"
	  "    feed: http\n"
	  "    threshold: {}\n"
	  "    except: {source: self, destination: self}\n"
	  "  two: {feed: drop, threshold: {}, except: {client: self, server: self}}\n",
	  "f:5:14: 'source' is not a key of 'except': as the feed is http, write 'client'\n"
	  "f:5:28: 'destination' is not a key of 'except': as the feed is http, write 'server'\n"
	  "f:6:45: 'client' is not a key of 'except': as the feed is drop, write 'source'\n"
	  "f:6:59: 'server' is not a key of 'except': as the feed is drop, write 'destination'\n" },
	{ "a misspelt key of match",
	  "rules:\n"
	  "  mine:\n"
	  "    feed: http\n"
	  "    threshold: {}\n"
	  "    match: {stauts: 404}\n"
	  "    except: {ether: self, port: 80}\n",
	  "f:5:13: 'stauts' is not a key of 'match' (did you mean 'status'?)\n"
	  "f:6:14: 'ether' is not a key of 'except' (did you mean 'either'?)\n"
	  "f:6:27: 'port' is not a key of 'except': expected either, client or server\n" },
	{ "match that is no map",
	  "rules:\n"
	  "  mine:\n"
	  "    feed: http\n"
	  "    threshold: {}\n"
	  "    match: 404\n"
	  "    except: [self]\n",
	  "f:5:12: 'match' cannot be '404': expected a map of keys\n"
	  "f:6:13: 'except' cannot be a list: expected a map of keys\n" },
	{ "statuses",
	  "rules:\n"
	  "  mine:\n"
	  "    feed: http\n"
	  "    threshold: {}\n"
	  "    match: {status: 200}\n"
	  "  b: {feed: http, threshold: {}, match: {status: 4xx}}\n"
	  "  c: {feed: http, threshold: {}, match: {status: 400-600}}\n"
	  "  d: {feed: http, threshold: {}, match: {status: 599-400}}\n"
	  "  e: {feed: http, threshold: {}, match: {status: \"404,\"}}\n"
	  "  f: {feed: http, threshold: {}, match: {status: [404, [500]]}}\n"
	  "  g: {feed: http, threshold: {}, match: {status: []}}\n"
	  "  h: {feed: http, threshold: {}, match: {status: }}\n"
	  "  i: {feed: http, threshold: {}, match: {status: {}}}\n"
	  "  j: {feed: http, threshold: {}, match: {status: 400-410-420}}\n",
	  "f:5:21: 'status' cannot be '200': expected status codes from 400 to 599, such as 404 or 400-499,503\n"
	  "f:6:50: 'status' cannot be '4xx': expected status codes from 400 to 599, such as 404 or 400-499,503\n"
	  "f:7:50: 'status' cannot be '400-600': expected status codes from 400 to 599, such as 404 or 400-499,503\n"
	  "f:8:50: 'status' has the range '599-400', which ends before it starts\n"
	  "f:9:50: 'status' cannot be '404,': expected status codes from 400 to 599, such as 404 or 400-499,503\n"
	  "f:10:56: 'status' cannot be a list: expected status codes from 400 to 599, such as 404 or 400-499,503\n"
	  "f:11:50: 'status' has no entries: leave it out\n"
	  "f:12:50: 'status' cannot be empty: expected a value or a list of values\n"
	  "f:13:50: 'status' cannot be a map: expected a value or a list of values\n"
	  "f:14:50: 'status' cannot be '400-410-420': expected status codes from 400 to 599, such as 404 or 400-499,503\n" },
	{ "too many statuses",
	  "rules:\n"
	  "  mine:\n"
	  "    feed: http\n"
	  "    threshold: {}\n"
	  "    match: {status: \"400,401,402,403,404,405,406,407,408,409,410,411,412,413,414,415,416\"}\n",
	  "f:5:21: 'status' cannot be '400,401,402,403,404,405,406,407,408,409,410,411,412,413,414,415,416': expected at most 16 values and ranges\n" },
	{ "too many statuses in a list",
	  "rules:\n"
	  "  mine:\n"
	  "    feed: http\n"
	  "    threshold: {}\n"
	  "    match: {status: [400,401,402,403,404,405,406,407,408,409,410,411,412,413,414,415,416]}\n",
	  "f:5:21: 'status' cannot be a list: expected at most 16 entries\n" },
	{ "ports",
	  "rules:\n"
	  "  mine:\n"
	  "    feed: drop\n"
	  "    threshold: {}\n"
	  "    match: {port: 0}\n"
	  "  b: {feed: drop, threshold: {}, match: {port: 65536}}\n"
	  "  c: {feed: drop, threshold: {}, match: {port: http}}\n"
	  "  d: {feed: drop, threshold: {}, match: {port: [80, 90-80]}}\n",
	  "f:5:19: 'port' cannot be '0': expected ports from 1 to 65535, such as 80 or 8000-8099\n"
	  "f:6:48: 'port' cannot be '65536': expected ports from 1 to 65535, such as 80 or 8000-8099\n"
	  "f:7:48: 'port' cannot be 'http': expected ports from 1 to 65535, such as 80 or 8000-8099\n"
	  "f:8:53: 'port' has the range '90-80', which ends before it starts\n" },
	{ "addresses",
	  "rules:\n"
	  "  mine:\n"
	  "    feed: http\n"
	  "    threshold: {}\n"
	  "    match: {client: [interal, proxy_server, nobody, 10.0.0.1/8, 10.0.0, 'fc00::/129'], server: []}\n"
	  "    except: {either: {net: self}, client: }\n",
	  "f:5:22: there is no list 'interal' (did you mean 'internal'?)\n"
	  "f:5:31: there is no list 'proxy_server' (did you mean 'proxy_servers'?)\n"
	  "f:5:45: there is no list 'nobody': expected internal, external, a network or the name of a list\n"
	  "f:5:53: 'client' cannot be '10.0.0.1/8': expected 10.0.0.0/8 (the address has bits set past the prefix)\n"
	  "f:5:65: 'client' cannot be '10.0.0': expected internal, external, a network such as 10.0.0.0/8 or the name of a list\n"
	  "f:5:73: 'client' cannot be 'fc00::/129': expected a prefix length of at most 128\n"
	  "f:5:96: 'server' has no entries: leave it out\n"
	  "f:6:22: 'either' cannot be a map: expected a value or a list of values\n"
	  "f:6:43: 'client' cannot be empty: expected a value or a list of values\n" },
	{ "too many addresses",
	  "rules:\n"
	  "  mine:\n"
	  "    feed: http\n"
	  "    threshold: {}\n"
	  "    match: {client: [10.0.0.0, 10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5, 10.0.0.6, 10.0.0.7, 10.0.0.8, 10.0.0.9, 10.0.0.10, 10.0.0.11, 10.0.0.12, 10.0.0.13, 10.0.0.14, 10.0.0.15, 10.0.0.16]}\n",
	  "f:5:21: 'client' cannot be a list: expected at most 16 entries\n" },
	{ "protocols",
	  "rules:\n"
	  "  mine:\n"
	  "    feed: drop\n"
	  "    threshold: {}\n"
	  "    match: {proto: tpc}\n"
	  "  b: {feed: drop, threshold: {}, match: {proto: 256}}\n"
	  "  c: {feed: drop, threshold: {}, match: {proto: [tcp, udp]}}\n"
	  "  d: {feed: drop, threshold: {}, match: {proto: 0}}\n",
	  "f:5:20: 'proto' cannot be 'tpc': expected icmp, igmp, tcp, udp, gre, esp, ah, icmpv6, sctp, udplite or a number from 1 to 255 (did you mean 'tcp'?)\n"
	  "f:6:49: 'proto' cannot be '256': expected icmp, igmp, tcp, udp, gre, esp, ah, icmpv6, sctp, udplite or a number from 1 to 255\n"
	  "f:7:49: 'proto' cannot be a list: expected icmp, igmp, tcp, udp, gre, esp, ah, icmpv6, sctp, udplite or a number from 1 to 255\n"
	  "f:8:49: 'proto' cannot be '0': expected icmp, igmp, tcp, udp, gre, esp, ah, icmpv6, sctp, udplite or a number from 1 to 255\n" },
	{ "classes",
	  "rules:\n"
	  "  mine:\n"
	  "    feed: drop\n"
	  "    threshold: {}\n"
	  "    match: {class: [firewal, ignored]}\n"
	  "  b: {feed: drop, threshold: {}, match: {class: []}}\n",
	  "f:5:21: 'class' cannot be 'firewal': expected firewall, prohibited, unanswered, refused or other (did you mean 'firewall'?)\n"
	  "f:5:30: 'class' cannot be 'ignored': expected firewall, prohibited, unanswered, refused or other\n"
	  "f:6:49: 'class' has no entries: leave it out\n" },
	{ "reasons",
	  "rules:\n"
	  "  mine:\n"
	  "    feed: drop\n"
	  "    threshold: {}\n"
	  "    match: {reason: [SKB_DROP_REASON_NETFILTER_DROP, netfilter_drop, '', XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX]}\n",
	  "f:5:22: 'reason' cannot be 'SKB_DROP_REASON_NETFILTER_DROP': expected the name without SKB_DROP_REASON_\n"
	  "f:5:54: 'reason' cannot be 'netfilter_drop': expected a drop reason of the kernel such as NETFILTER_DROP\n"
	  "f:5:70: 'reason' cannot be '': expected a drop reason of the kernel such as NETFILTER_DROP\n"
	  "f:5:74: 'reason' cannot be 'XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX': expected a drop reason of the kernel such as NETFILTER_DROP\n" },
	{ "hooks",
	  "rules:\n"
	  "  mine:\n"
	  "    feed: drop\n"
	  "    threshold: {}\n"
	  "    match: {hook: [foward, tc]}\n",
	  "f:5:20: 'hook' cannot be 'foward': expected ingress, egress, xdp, prerouting, input, forward, output, postrouting, routing or cgroup (did you mean 'forward'?)\n"
	  "f:5:28: 'hook' cannot be 'tc': expected ingress, egress, xdp, prerouting, input, forward, output, postrouting, routing or cgroup\n" },
};

static void test_rules(void **state)
{
	CHECK_MISTAKES(rules_mistakes);
}

static void test_match(void **state)
{
	CHECK_MISTAKES(match_mistakes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
