/* Sources that may not, before anything is spent on them. Exact addresses are in a hash, which costs a fraction of the
 * trie; a source that is allowed by itself is so within a network that is denied, and the other way round. */
#pragma once
#include "listener.h"

enum source_rule { SOURCE_ALLOWED = 1, SOURCE_DENIED = 2 };

static __always_inline int is_denied(const struct packet *packet)
{
	__u32 first = 0, *in_use = bpf_map_lookup_elem(&guards, &first), *rule = 0;

	if (!in_use || !(*in_use & (GUARD_ADDRESSES | GUARD_NETWORKS)))
		return 0;
	if (*in_use & GUARD_ADDRESSES)
		rule = bpf_map_lookup_elem(&sources, &packet->source);
	if (!rule && *in_use & GUARD_NETWORKS) {
		struct network whole = { .prefix_length = 8 * sizeof(struct address), .address = packet->source };

		rule = bpf_map_lookup_elem(&source_networks, &whole);
	}
	/* Only what is balanced is refused: who may reach this host otherwise is not decided here. */
	if (!rule || (*rule & RULE_KIND) != SOURCE_DENIED || !is_vip(&packet->destination))
		return 0;
	__u32 number = *rule >> RULE_NUMBER_SHIFT;
	__u64 *count = bpf_map_lookup_elem(&refusals, &number);

	if (count)
		*count += 1;
	return 1;
}
