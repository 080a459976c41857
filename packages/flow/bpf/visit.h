/* Source-address persistence with a time: a client's new flows go where its last ones went, for so long after one of them
 * began or ended, though the table may have changed meanwhile. Where the table says otherwise, the flow is written down. */
#pragma once
#include "clock.h"
#include "maps.h"
#include "packet.h"

/* Whether a client that the target has had may have new flows there. */
static __always_inline int takes_visitors(__u32 number)
{
	struct target *target = bpf_map_lookup_elem(&targets, &number);

	return target && !(target->flags & (TARGET_GONE | TARGET_CLOSED));
}

static __always_inline void name_visitor(struct visitor *key, const struct packet *packet, const struct listener *listener)
{
	key->service = listener->service;
	key->client = packet->source;
}

/* The target of a flow that begins, `chosen` if the client is new or was away for too long. Of UDP any packet may be the
 * first. `remember` is 0 for packets about a flow that are not of it. */
__checked_once __u32 visited(const struct packet *packet, const struct listener *listener, __u32 chosen, int remember)
{
	struct visitor key = {};

	if (!packet || !listener)
		return chosen;
	name_visitor(&key, packet, listener);
	struct visit *visit = bpf_map_lookup_elem(&visits, &key);
	__u32 now = seconds_now();

	if (visit && seconds_since(visit->seen, now) <= listener->persistence && takes_visitors(visit->target)) {
		if (remember && visit->seen != now)
			visit->seen = now;
		return visit->target;
	}
	if (remember) {
		struct visit new = { .target = chosen, .seen = now };

		bpf_map_update_elem(&visits, &key, &new, BPF_ANY);
	}
	return chosen;
}

/* A flow of the client's at this target has ended, or goes on. */
__checked_once int stays(const struct packet *packet, const struct listener *listener, __u32 target)
{
	struct visitor key = {};

	if (!packet || !listener)
		return 0;
	name_visitor(&key, packet, listener);
	struct visit *visit = bpf_map_lookup_elem(&visits, &key);
	__u32 now = seconds_now();

	if (visit && visit->target == target && visit->seen != now)
		visit->seen = now;
	return 0;
}
