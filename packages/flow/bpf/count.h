/* Counters are per CPU, so that counting takes no lock and no cache line of another core. */
#pragma once
#include "maps.h"
#include "packet.h"

/* No target has this number. */
#define NOBODY 0

static __always_inline void count_traffic(struct traffic *traffic, const struct packet *packet)
{
	traffic->packets += 1;
	traffic->bytes += packet->bytes;
	traffic->flows += packet->opens;
}

static __always_inline void count_answer(const struct packet *packet, __u32 listener, __u32 target)
{
	struct listener_traffic *own = bpf_map_lookup_elem(&listener_traffic, &listener);
	struct traffic *its = bpf_map_lookup_elem(&target_traffic, &target);

	if (own) {
		own->traffic.answers += 1;
		own->traffic.answer_bytes += packet->bytes;
	}
	if (its) {
		its->answers += 1;
		its->answer_bytes += packet->bytes;
	}
}

static __always_inline void count_outcome(__u32 outcome)
{
	__u64 *count = bpf_map_lookup_elem(&outcomes, &outcome);

	if (count)
		*count += 1;
}

static __always_inline void count_reason(__u32 owner, __u32 reason)
{
	struct drop drop = { .owner = owner, .reason = reason };
	__u64 first = 1, *count = bpf_map_lookup_elem(&drops, &drop);

	/* Another CPU may have been the first meanwhile. */
	if (!count && bpf_map_update_elem(&drops, &drop, &first, BPF_NOEXIST))
		count = bpf_map_lookup_elem(&drops, &drop);
	if (count)
		*count += 1;
}

/* Programs have many places where they drop. */
__checked_once int count_drop(__u32 listener, __u32 target, __u32 reason)
{
	struct listener_traffic *own = bpf_map_lookup_elem(&listener_traffic, &listener);

	if (own)
		own->traffic.drops += 1;
	count_reason(listener, reason);
	if (target != NOBODY) {
		struct traffic *its = bpf_map_lookup_elem(&target_traffic, &target);

		if (its)
			its->drops += 1;
		count_reason(OWNER_TARGET | target, reason);
	}
	count_outcome(reason);
	return 0;
}
