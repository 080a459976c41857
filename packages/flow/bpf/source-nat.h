/* NAT that hides the client as well: the target sees an address of the node, to which its answers come back whatever its
 * routes are. That takes a port of the node for each flow, and so memory: the way back is what is written down, and the
 * way there finds its port by looking at the few that the hash of the flow allows. */
#pragma once
#include "clock.h"
#include "nat.h"
#include "too-big.h"

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

/* What a flow is to another one that could have its port. */
enum hold { HOLDS, YIELDS, IS_OVER };

/* `now` may be older than what another CPU has written meanwhile. */
static __always_inline int hold_of(const struct borrower *borrower, __u32 now)
{
	__s32 idle = now - borrower->seen;

	switch (borrower->state) {
	case FLOW_OPENING:
		return idle > OPENING_SECONDS ? IS_OVER : idle > UNANSWERED_SECONDS ? YIELDS : HOLDS;
	case FLOW_CLOSING:
		return idle > CLOSING_SECONDS ? IS_OVER : idle > LINGERING_SECONDS ? YIELDS : HOLDS;
	default:
		return idle > (__s32)borrower->idle_seconds ? IS_OVER : HOLDS;
	}
}

/* Another packet of its client. The listener may be a later one at the same place. */
static __always_inline void renew(struct borrower *borrower, const struct packet *packet,
				  const struct listener *listener, __u32 now)
{
	__u8 state = FLOW_ESTABLISHED;

	if (packet->opens)
		state = FLOW_OPENING;
	else if (packet->protocol == IPPROTO_TCP)
		state = next_state(borrower->state, packet);
	if (borrower->seen == now && borrower->state == state && borrower->listener == listener->number)
		return;
	borrower->seen = now;
	borrower->state = state;
	borrower->listener = listener->number;
	borrower->idle_seconds = listener->idle_seconds;
	borrower->target = packet->target;
}

/* Answers to it would be taken for packets to that listener, where a VIP is the node's own address towards targets. */
static __noinline int is_listened_to(const struct borrowed *key)
{
	struct listener *there = find_listener_at(&key->node, key->node_port, key->protocol);

	return there && !(there->flags & LISTENER_IS_NODE);
}

/* The port that a flow has already, for what is quoted of it; 0: none. */
__checked_once __be16 find_borrowed(const struct packet *packet, struct borrowed *key)
{
	if (!packet || !key)
		return 0;
#pragma unroll
	for (__u32 attempt = 0; attempt < BORROW_ATTEMPTS; attempt++) {
		key->node_port = candidate_port(packet, attempt);
		struct borrower *borrower = bpf_map_lookup_elem(&borrowers, key);

		if (borrower && is_borrower(borrower, packet))
			return key->node_port;
	}
	return 0;
}

/* The port of this flow, 0 where all that it could have are others'. One that is its own already goes before any that has
 * become free, and that before one that another flow hardly needs any more. */
__checked_once __be16 borrow_port(const struct packet *packet, const struct listener *listener, struct borrowed *key)
{
	__u32 now = seconds_now();
	int best = HOLDS;
	__be16 chosen = 0;

	if (!packet || !listener || !key)
		return 0;
#pragma unroll
	for (__u32 attempt = 0; attempt < BORROW_ATTEMPTS; attempt++) {
		key->node_port = candidate_port(packet, attempt);
		struct borrower *borrower = bpf_map_lookup_elem(&borrowers, key);

		if (borrower && is_borrower(borrower, packet)) {
			renew(borrower, packet, listener, now);
			return key->node_port;
		}
		int offer = borrower ? hold_of(borrower, now) : IS_OVER;

		if (offer > best && !is_listened_to(key)) {
			best = offer;
			chosen = key->node_port;
		}
	}
	if (!chosen)
		return 0;
	struct borrower new = {
		.client = packet->source,
		.vip = packet->destination,
		.client_port = packet->source_port,
		.vip_port = packet->destination_port,
		.listener = listener->number,
		.seen = now,
		.idle_seconds = listener->idle_seconds,
		.target = packet->target,
		.state = FLOW_OPENING,
	};

	key->node_port = chosen;
	return bpf_map_update_elem(&borrowers, key, &new, BPF_ANY) ? 0 : chosen;
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
	    is_ipv4(&target->tunnel_source) != (packet->family == FAMILY_IPV4) ||
	    is_unspecified(&target->tunnel_source))
		return drop_towards(packet, listener->number, DROP_NO_TARGET);
	/* The kernel would take a packet that comes in from its own address for forged. */
	if (!has_way(target))
		return drop_towards(packet, listener->number, DROP_NO_NEXT_HOP);
	/* Whoever sends it on past the kernel says so in its place. */
	if (target->mtu && segment_bytes(context, packet) > target->mtu)
		return answer_too_big(context, packet, listener->number, target->mtu);
	if (packet->hop_limit <= 1)
		return drop_towards(packet, listener->number, DROP_HOP_LIMIT);
	__be16 own = borrow_port(packet, listener, &key);

	if (!own)
		return drop_towards(packet, listener->number, DROP_NO_PORT);
	if (translate(context, packet, SOURCE, &target->tunnel_source, own, 0, 0) ||
	    translate(context, packet, DESTINATION, &target->address, port, 1, target))
		return drop_towards(packet, listener->number, DROP_MALFORMED);
	return send_on(context, target);
}

/* Who asks once by UDP and has an answer is through, as with DNS, unless more comes. */
static __always_inline void answered(struct borrower *borrower, const struct packet *packet)
{
	__u32 now = seconds_now();
	__u8 state = borrower->state;

	if (packet->ends || (packet->protocol == IPPROTO_UDP && state == FLOW_OPENING))
		state = FLOW_CLOSING;
	if (borrower->seen == now && borrower->state == state)
		return;
	borrower->seen = now;
	borrower->state = state;
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
	struct listener *owner = find_listener_at(&borrower->vip, borrower->vip_port, packet->protocol);
	__u32 listener = borrower->listener, target = borrower->target;

	/* Its listener is gone, and may have left its number to another one. */
	if (!owner || owner->number != listener)
		return BALANCED_ON;
	int is_routed = 0;
	int room = 0;
#if HAS_SHORT_WAY
	struct bpf_fib_lookup route = { .sport = borrower->vip_port, .dport = borrower->client_port };
	enum route_found found = ROUTE_NONE;

	if (takes_short_way())
		found = find_route(context, packet, &borrower->vip, &borrower->client, is_in_use(GUARD_CONTAINERS), &route);
	if (found == ROUTE_TOO_NARROW)
		room = route.mtu_result;
	is_routed = found != ROUTE_NONE;
#endif
	if (!takes_short_way())
		room = too_narrow(context, packet, &borrower->vip, &borrower->client,
				  borrower->vip_port | (__u32)borrower->client_port << 16);
	if (room > 0)
		return answer_too_big_from(context, packet, listener, target, room);
	answered(borrower, packet);
	if (translate(context, packet, DESTINATION, &borrower->client, borrower->client_port, 0, 0) ||
	    translate(context, packet, SOURCE, &borrower->vip, borrower->vip_port, is_routed, 0))
		return drop(listener, DROP_MALFORMED);
	count_answer(packet, listener, target);
	count_outcome(OUTCOME_RETURNED);
#if HAS_SHORT_WAY
	if (is_routed)
		return send_found(context, found, &route);
#endif
	return VERDICT_KERNEL;
}

static __always_inline int has_borrowers(void)
{
	return is_in_use(GUARD_BORROWERS);
}
