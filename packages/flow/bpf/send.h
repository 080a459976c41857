/* The last steps that all ways of forwarding share. */
#pragma once
#include "checksum.h"
#include "count.h"
#include "listener.h"

/* Both addresses of the frame, and whether this node sends it on itself. */
static __always_inline void set_next_hop(struct ethhdr *ethernet, const struct target *target)
{
	__builtin_memcpy(ethernet->h_dest, target->next_hop, ETH_ALEN);
	__builtin_memcpy(ethernet->h_source, target->own_mac, ETH_ALEN);
}

static __always_inline int drop(__u32 listener, __u32 reason)
{
	count_drop(listener, reason);
	return VERDICT_DROP;
}

/* A packet that cannot be balanced, or is no TCP or UDP: of interest only when it is for a VIP. */
static __always_inline int not_parsed(const struct packet *packet, __u32 reason)
{
	if (reason == OUTCOME_NOT_OURS || !is_vip(&packet->destination)) {
		count_outcome(OUTCOME_NOT_OURS);
		return VERDICT_NOT_OURS;
	}
	count_outcome(reason);
	return VERDICT_DROP;
}
