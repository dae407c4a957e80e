/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables of keys, and readers that check a value of the tree and put it into a field. */
#ifndef CONFIG_READ_H
#define CONFIG_READ_H

#include "config/tree.h"

/* What a rule's keys leave to be settled when all files are read. */
struct rule_given {
	bool builtin;
	bool suppress;
	bool risk_score;
};

struct reader {
	struct config *config;
	struct report errors;
	struct report notes;      /* for config_say_unused() */
	bool builtin;             /* the built-in configuration is being read: nothing is noted */
	struct rule_given *given; /* one for each of config's rules */
	int err;                  /* -ENOMEM */
};

/* A word and what it stands for. */
struct word {
	const char *name;
	unsigned int value;
};

/* A key of a map: which values it takes, and where they go. Readers say which members they use. */
struct key {
	const char *name;
	void (*read)(struct reader *r, const struct node *value, const struct key *key,
		     void *field);
	size_t offset; /* of the field in what the map describes */
	__u64 min, max;
	const struct word *words;
	const char *expected; /* in messages, instead of the usual */
	bool nullable;        /* null is a value */
	const struct keyset *section;
	const char
		*unused; /* noted where another value than before is given: the name in the note */
};

/* A key of a table for `type`: its field is `member`, or the whole; more members may follow. */
#define KEY(key_name, reader, type, member, ...)                                                  \
	{                                                                                         \
		.name = key_name, .read = reader, .offset = offsetof(type, member), ##__VA_ARGS__ \
	}
#define KEY_WHOLE(key_name, reader, ...)                        \
	{                                                       \
		.name = key_name, .read = reader, ##__VA_ARGS__ \
	}

/* A key that is one somewhere else, and what to say about it. */
struct other_key {
	const char *name;
	const char *hint;
};

struct keyset {
	const char *name;               /* "a rule", "'match'" */
	const struct key *keys;         /* up to one without a name; read in this order */
	const struct other_key *others; /* the same; may be NULL */
};

/* The keys of map into the structure `into`. No value is an empty map. */
void read_map(struct reader *r, const struct node *map, const struct keyset *set, void *into);

/* Readers for tables. */
void read_bool(struct reader *r, const struct node *value, const struct key *key, void *field);
/* words -> an enum */
void read_choice(struct reader *r, const struct node *value, const struct key *key, void *field);
/* the keys of a map inside, whose offsets count from field */
void read_section(struct reader *r, const struct node *value, const struct key *key, void *field);
/* min..max -> __u64 */
void read_number(struct reader *r, const struct node *value, const struct key *key, void *field);
/* min..max -> unsigned int */
void read_small(struct reader *r, const struct node *value, const struct key *key, void *field);
/* min..max (ns), whole seconds if min is -> __u64 */
void read_duration(struct reader *r, const struct node *value, const struct key *key, void *field);
/* min..max (bytes) -> __u64 */
void read_size(struct reader *r, const struct node *value, const struct key *key, void *field);
/* at least one and at most max bytes, nullable -> char * */
void read_text(struct reader *r, const struct node *value, const struct key *key, void *field);
/* read_text() of a path from the root */
void read_path(struct reader *r, const struct node *value, const struct key *key, void *field);
/* a list of texts of at most max bytes -> char **, NULL where it is empty */
void read_texts(struct reader *r, const struct node *value, const struct key *key, void *field);
/* one of words or a list of them -> bits of __u32 */
void read_bits(struct reader *r, const struct node *value, const struct key *key, void *field);

/*
 * The entries of what may be a list or a single value. False where it is neither or empty
 * (reported) or has more than max entries (reported).
 */
bool read_one_or_list(struct reader *r, const struct node *value, const struct key *key, size_t max,
		      const struct node **ret, size_t *ret_count);
/* The same for what must be a list; it may be empty. */
bool read_list(struct reader *r, const struct node *value, const struct key *key, size_t max,
	       const struct node **ret, size_t *ret_count);
/* A network or address, alone. False where it is none (reported). */
bool read_net(struct reader *r, const struct node *value, const struct key *key, struct net *ret);
/* The value of a word, or -1 where it is none of them. */
int word_find(const struct word *words, const char *name);
/* The name of a value; it must be one of the words'. */
const char *word_name(const struct word *words, unsigned int value);

/* "'window' cannot be '2w': expected ..." */
void read_refuse(struct reader *r, const struct node *value, const struct key *key,
		 const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The same about a word, with the near one of words: "(did you mean 'xdp'?)". */
void read_refuse_word(struct reader *r, const struct node *value, const struct key *key);
void read_error(struct reader *r, const struct node *value, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* "'webhook' has no effect in this version" */
void read_note(struct reader *r, const struct node *value, const char *name);
/* A copy of text, or NULL (r->err is set). */
char *read_copy(struct reader *r, const char *text);
void texts_free(char **texts);

/* The keys that hold networks (read_nets.c). */
void read_internal(struct reader *r, const struct node *value, const struct key *key, void *field);
void read_external(struct reader *r, const struct node *value, const struct key *key, void *field);
void read_lists(struct reader *r, const struct node *value, const struct key *key, void *field);
void read_trusted_proxies(struct reader *r, const struct node *value, const struct key *key,
			  void *field);
void read_cluster_cidrs(struct reader *r, const struct node *value, const struct key *key,
			void *field);

/* The whole file, and one rule of it (read_rule.c), match and except of a rule (read_match.c). */
void read_config(struct reader *r, const struct node *root);
void read_rule(struct reader *r, const struct node *id, const struct node *map);
void read_match(struct reader *r, const struct node *value, struct rule *rule);
void read_except(struct reader *r, const struct node *value, struct rule *rule);
/* Fills in what depends on other keys; once, when all files are read. */
void read_rules_finish(struct reader *r);

/* Shared with the printer. */
extern const struct word words_attach[], words_role[], words_http_count[], words_evidence[],
	words_netns[], words_resolve[], words_kube_names[], words_stdout[];
extern const struct word words_feed[], words_side[], words_proto[], words_class[], words_hook[];
/* By enum feed. */
extern const struct word *const words_group[], *const words_distinct[];

#endif
