/* NAT that hides the client as well: the target sees an address of the node, to which its answers come back whatever its
 * routes are. That takes a port of the node for each flow, and so memory: the way back is what is written down, and the
 * way there finds its port by looking at the few that the hash of the flow allows. */
#pragma once
#include "clock.h"
#include "nat.h"

static __always_inline int is_borrower(const struct borrower *borrower, const struct packet *packet)
{
	return borrower->client_port == packet->source_port && borrower->vip_port == packet->destination_port &&
	       is_same(&borrower->client, &packet->source) && is_same(&borrower->vip, &packet->destination);
}

/* Below those that Linux gives to connections of its own (32768 and up unless told). */
static __always_inline __be16 candidate_port(const struct packet *packet, __u32 attempt)
{
	__u32 mixed = (packet->hash ^ attempt * 0x9e3779b9) * 0x85ebca6b;

	return bpf_htons(FIRST_BORROWED_PORT + ((__u64)mixed * BORROWED_PORTS >> 32));
}

/* The port of this flow, 0 where all that it could have are others'. One that is its own already goes before any that has
 * become free. What is quoted of a flow finds its port and takes none. */
__checked_once __be16 borrow_port(const struct packet *packet, const struct listener *listener, struct borrowed *key)
{
	__u32 now = seconds_now();
	__be16 vacant = 0;

	if (!packet || !listener || !key)
		return 0;
#pragma unroll
	for (__u32 attempt = 0; attempt < BORROW_ATTEMPTS; attempt++) {
		key->node_port = candidate_port(packet, attempt);
		struct borrower *borrower = bpf_map_lookup_elem(&borrowers, key);

		if (borrower && is_borrower(borrower, packet)) {
			if (borrower->seen != now && !packet->is_quoted)
				borrower->seen = now;
			return key->node_port;
		}
		if (!vacant && (!borrower || now - borrower->seen > listener->idle_seconds))
			vacant = key->node_port;
	}
	if (!vacant || packet->is_quoted)
		return 0;
	struct borrower new = {
		.client = packet->source,
		.vip = packet->destination,
		.client_port = packet->source_port,
		.vip_port = packet->destination_port,
		.listener = listener->number,
		.seen = now,
		.target = packet->target,
	};

	key->node_port = vacant;
	return bpf_map_update_elem(&borrowers, key, &new, BPF_ANY) ? 0 : vacant;
}

__checked_once int forward_by_source_nat(CONTEXT *context, const struct packet *packet, const struct target *target,
					 const struct listener *listener)
{
	if (!packet || !target || !listener)
		return VERDICT_DROP;
	__be16 port = target->port ? target->port : packet->destination_port;
	struct borrowed key = {
		.target = target->address,
		.node = target->tunnel_source,
		.target_port = port,
		.protocol = packet->protocol,
	};

	if (is_ipv4(&target->address) != (packet->family == FAMILY_IPV4) ||
	    is_ipv4(&target->tunnel_source) != (packet->family == FAMILY_IPV4))
		return drop_towards(packet, listener->number, DROP_NO_TARGET);
	if (packet->hop_limit <= 1 && target->device)
		return drop_towards(packet, listener->number, DROP_HOP_LIMIT);
	__be16 own = borrow_port(packet, listener, &key);

	if (!own)
		return drop_towards(packet, listener->number, DROP_NO_PORT);
	if (translate(context, packet, SOURCE, &target->tunnel_source, own, 0) ||
	    translate(context, packet, DESTINATION, &target->address, port, target->device ? target : 0))
		return drop_towards(packet, listener->number, DROP_MALFORMED);
	return target->device ? send_to(context, target->device) : VERDICT_KERNEL;
}

/* An answer of a target to a port that was borrowed; or BALANCED_ON. */
__checked_once int return_to_borrower(CONTEXT *context, const struct packet *packet)
{
	if (!packet)
		return BALANCED_ON;
	struct borrowed key = {
		.target = packet->source,
		.node = packet->destination,
		.target_port = packet->source_port,
		.node_port = packet->destination_port,
		.protocol = packet->protocol,
	};
	struct borrower *borrower = bpf_map_lookup_elem(&borrowers, &key);

	if (!borrower)
		return BALANCED_ON;
	__u32 listener = borrower->listener, target = borrower->target;

	if (translate(context, packet, DESTINATION, &borrower->client, borrower->client_port, 0) ||
	    translate(context, packet, SOURCE, &borrower->vip, borrower->vip_port, 0))
		return drop(listener, DROP_MALFORMED);
	count_answer(packet, listener, target);
	count_outcome(OUTCOME_RETURNED);
	return VERDICT_KERNEL;
}

static __always_inline int has_borrowers(void)
{
	__u32 first = 0, *in_use = bpf_map_lookup_elem(&guards, &first);

	return in_use && *in_use & GUARD_BORROWERS;
}
