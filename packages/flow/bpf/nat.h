/* Forwarding with addresses translated, and the way back. */
#pragma once
#include "route.h"
#include "send.h"
#include "shared.h"
#include "stray.h"
#include "too-big.h"

enum side { SOURCE, DESTINATION };

/* One side of a TCP or UDP packet becomes `address` and `port`, and the checksums follow. With `is_router` the hop limit
 * goes down, and with `hop` the frame is addressed to it; else the kernel will do that. Returns 0, or -1 for a frame
 * shorter than it was. */
static __always_inline int translate(CONTEXT *context, const struct packet *packet, enum side side,
				     const struct address *address, __be16 port, int is_router, const struct target *hop)
{
	void *data = frame_start(context), *end = frame_end(context);
	const struct address *before = side == SOURCE ? &packet->source : &packet->destination;
	__be16 port_before = side == SOURCE ? packet->source_port : packet->destination_port;
	__u64 change = change_address(before, address);
	__u32 offset;
	__be16 *ports;

	if (packet->family == FAMILY_IPV4) {
		struct iphdr *ip = data + OFFSET_IP;

		offset = OFFSET_TRANSPORT4;
		ports = data + OFFSET_TRANSPORT4;
		if ((void *)(ports + 2) > end)
			return -1;
		__u64 header_change = change;

		if (side == SOURCE)
			ip->saddr = address->words[3];
		else
			ip->daddr = address->words[3];
		if (is_router) {
			/* ttl is the first byte of its word. */
			header_change += change16(bpf_htons((__u16)ip->ttl << 8), bpf_htons((__u16)(ip->ttl - 1) << 8));
			ip->ttl -= 1;
		}
		apply_change(&ip->check, header_change);
	} else {
		struct ipv6hdr *ip = data + OFFSET_IP;

		offset = OFFSET_TRANSPORT6;
		ports = data + OFFSET_TRANSPORT6;
		if ((void *)(ports + 2) > end)
			return -1;
		if (side == SOURCE)
			__builtin_memcpy(&ip->saddr, address, sizeof(*address));
		else
			__builtin_memcpy(&ip->daddr, address, sizeof(*address));
		if (is_router)
			ip->hop_limit -= 1;
	}
	ports[side == SOURCE ? 0 : 1] = port;
	if (hop)
		set_next_hop(data, hop);
	if (packet->protocol == IPPROTO_TCP)
		return change_transport_checksum(context, offset + offsetof(struct tcphdr, check), change, port_before,
						 port, 0);
	return change_transport_checksum(context, offset + offsetof(struct udphdr, check), change, port_before, port, 1);
}

/* No verdict of a program: the route has no room for the packet, which is as it was. From here on upwards, by how much there
 * is room for. The kernel would say so about the packet as it is once it is translated, which nobody has sent. */
#define TOO_NARROW (-0x20000)

static __always_inline int is_too_narrow(int verdict)
{
	return verdict < BALANCED_ON;
}

#if HAS_SHORT_WAY
/* Into a container of this node: `route` has the hardware addresses. */
static __always_inline int hand_over_by_route(CONTEXT *context, const struct bpf_fib_lookup *route)
{
	struct ethhdr *ethernet = frame_start(context);

	if ((void *)(ethernet + 1) > frame_end(context))
		return VERDICT_DROP;
	__builtin_memcpy(ethernet->h_dest, route->dmac, ETH_ALEN);
	__builtin_memcpy(ethernet->h_source, route->smac, ETH_ALEN);
	return hand_over(context, route->ifindex);
}

/* A packet that is translated goes the way that `find_route` has found. Who is not known yet is asked for. By itself, for the
 * sake of the stacks of those who have found it. */
__checked_once int send_found(CONTEXT *context, enum route_found found, const struct bpf_fib_lookup *route)
{
	if (!route)
		return VERDICT_DROP;
	if (found == ROUTE_WITH_NEIGHBOUR && leads_into_container(route->ifindex))
		return hand_over_by_route(context, route);
	return send_by_route(route);
}

/* One side of the packet becomes this, and the packet goes on by the kernel's route without the kernel's routing: at once,
 * and to its neighbour. BALANCED_ON: it is as it was, and for the kernel. By itself, because of what it adds to the ways
 * through the program. */
__checked_once int take_short_way(CONTEXT *context, const struct packet *packet, enum side side,
				  const struct address *address, __be16 port)
{
	struct bpf_fib_lookup route = {};
	int has_containers = is_in_use(GUARD_CONTAINERS);

	if (!packet || !address)
		return BALANCED_ON;
	route.sport = side == SOURCE ? port : packet->source_port;
	route.dport = side == SOURCE ? packet->destination_port : port;
	enum route_found found = find_route(context, packet, side == SOURCE ? address : &packet->source,
					    side == SOURCE ? &packet->destination : address, has_containers, &route);

	if (found == ROUTE_NONE)
		return BALANCED_ON;
	if (found == ROUTE_TOO_NARROW)
		return TOO_NARROW + route.mtu_result;
	if (translate(context, packet, side, address, port, 1, 0))
		return VERDICT_DROP;
	return send_found(context, found, &route);
}
#endif

/* One side of the packet is to become this, and the kernel to route it: BALANCED_ON, or TOO_NARROW and more. By itself, for the
 * sake of the stacks of those who ask. */
__checked_once int look_at_room(CONTEXT *context, const struct packet *packet, enum side side,
				const struct address *address, __be16 port)
{
	if (!packet || !address)
		return BALANCED_ON;
	int is_source = side == SOURCE;
	__u32 ports = is_source ? port | (__u32)packet->destination_port << 16
				: packet->source_port | (__u32)port << 16;
	int room = too_narrow(context, packet, is_source ? address : &packet->source,
			      is_source ? &packet->destination : address, ports);

	return room > 0 ? TOO_NARROW + room : BALANCED_ON;
}

/* One side of the packet becomes this, and the packet goes on as the kernel would route it. VERDICT_DROP: the frame is
 * shorter than it was. It is not changed where the way `is_too_narrow`. */
static __always_inline int translate_and_route(CONTEXT *context, const struct packet *packet, enum side side,
					       const struct address *address, __be16 port)
{
	int verdict;

#if HAS_SHORT_WAY
	if (takes_short_way())
		verdict = take_short_way(context, packet, side, address, port);
	else
#endif
		verdict = look_at_room(context, packet, side, address, port);
	if (verdict != BALANCED_ON)
		return verdict;
	return translate(context, packet, side, address, port, 0, 0) ? VERDICT_DROP : VERDICT_KERNEL;
}

static __always_inline int forward_by_nat(CONTEXT *context, const struct packet *packet, const struct target *target,
					  const struct listener *owner)
{
	__u32 listener = owner->number;
	__be16 port = target->port ? target->port : packet->destination_port;

	/* Between the families there is no translation. */
	if (is_ipv4(&target->address) != (packet->family == FAMILY_IPV4))
		return drop_towards(packet, listener, DROP_NO_TARGET);
	if (target->flags & TARGET_SHARED && share(packet, owner, target))
		return drop_towards(packet, listener, DROP_NO_PORT);
	if (!target->device) {
		int verdict = translate_and_route(context, packet, DESTINATION, &target->address, port);

		if (is_too_narrow(verdict))
			return answer_too_big(context, packet, listener, verdict - TOO_NARROW);
		return verdict == VERDICT_DROP ? drop_towards(packet, listener, DROP_MALFORMED) : verdict;
	}
	if (packet->hop_limit <= 1)
		return drop_towards(packet, listener, DROP_HOP_LIMIT);
	if (translate(context, packet, DESTINATION, &target->address, port, 1, target))
		return drop_towards(packet, listener, DROP_MALFORMED);
	return send_to_device(context, target->device);
}

/* Under which address what comes from an endpoint of a target goes on. */
struct face {
	struct address vip;
	__be16 port;
	__u16 zero;
	__u32 listener;
	__u32 target;
};

/* What an endpoint answers for, towards this client. Returns 0 where it is no target's. What it answers to matters only
 * where several listeners share it: else no state is needed. */
__checked_once int find_face(struct face *face, const struct packet *packet)
{
	if (!face || !packet)
		return 0;
	struct endpoint target = {
		.address = packet->source,
		.port = packet->source_port,
		.protocol = packet->protocol,
	};
	struct origin *origin = bpf_map_lookup_elem(&origins, &target);
	int answers = 1;

	if (!origin) {
		target.port = 0; /* a target of a port range keeps the port */
		origin = bpf_map_lookup_elem(&origins, &target);
	}
	if (!origin)
		return 0;
	face->vip = origin->vip;
	face->port = origin->port ? origin->port : packet->source_port;
	face->listener = origin->listener;
	face->target = origin->target;
	if (!target.port) {
		/* From its other ports it speaks for itself. */
		struct listener *range = find_range_at(&origin->vip, packet->source_port, packet->protocol);

		answers = range != 0;
		if (range)
			face->listener = range->number;
	}
	if (!(origin->flags & ORIGIN_SHARED))
		return answers;
	struct flow key = {};

	name_shared(&key, &packet->destination, packet->destination_port, &packet->source, packet->source_port,
		    packet->protocol);
	struct shared *known = bpf_map_lookup_elem(&shared, &key);

	if (!known)
		return answers;
	if (packet->ends && !packet->is_quoted)
		known->state = FLOW_CLOSING;
	face->vip = known->vip;
	face->port = known->vip_port;
	face->listener = known->listener;
	face->target = known->target;
	return 1;
}

/* NAT: the answer of a target gets the VIP as its source again. */
static __always_inline int return_to_client(CONTEXT *context, const struct packet *packet)
{
	struct face face = {};

	if (!find_face(&face, packet)) {
		/* Where nobody listens at the address, that is known by now. */
		if (!is_for_nobody(packet, generation_of(all_in_use())) && is_stray(context, packet)) {
			count_outcome(DROP_NO_LISTENER);
			return VERDICT_DROP;
		}
		count_outcome(OUTCOME_NOT_OURS);
		return VERDICT_NOT_OURS;
	}
	int verdict = translate_and_route(context, packet, SOURCE, &face.vip, face.port);

	if (is_too_narrow(verdict))
		return answer_too_big_from(context, packet, face.listener, face.target, verdict - TOO_NARROW);
	if (verdict == VERDICT_DROP)
		return drop(face.listener, DROP_MALFORMED);
	count_answer(packet, face.listener, face.target);
	count_outcome(OUTCOME_RETURNED);
	return verdict;
}
