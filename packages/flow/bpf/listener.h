#pragma once
#include "recent.h"

static __always_inline struct listener *find_range_at(const struct address *address, __be16 port, __u8 protocol)
{
	struct range range = {
		.prefix_length = 8 * (offsetof(struct range, zero2) - sizeof(range.prefix_length)),
		.protocol = protocol,
		.address = *address,
		.port = port,
	};

	return bpf_map_lookup_elem(&listener_ranges, &range);
}

static __always_inline struct listener *find_listener_at(const struct address *address, __be16 port, __u8 protocol)
{
	struct endpoint exact = {
		.address = *address,
		.port = port,
		.protocol = protocol,
	};
	struct listener *found = bpf_map_lookup_elem(&listeners, &exact);

	return found ? found : find_range_at(address, port, protocol);
}

static __always_inline struct listener *find_listener(const struct packet *packet)
{
	return find_listener_at(&packet->destination, packet->destination_port, packet->protocol);
}

/* The same with what is known of the last packets. That there is none is not kept, nor that a port is the node's own: answers
 * of targets go to as many ports as there are clients. The next packet may find another listener in its place. */
static __always_inline struct listener *find_listener_again(const struct packet *packet, __u32 in_use)
{
	__u32 generation = generation_of(in_use);
	struct recent_listener *recent = recent_listener_at(packet);

	if (recent && recent->known == generation && recent->endpoint.port == packet->destination_port &&
	    recent->endpoint.protocol == packet->protocol && is_same(&recent->endpoint.address, &packet->destination))
		return &recent->listener;
	struct listener *found = find_listener(packet);

	if (found && recent && !(found->flags & LISTENER_IS_NODE)) {
		recent->known = 0; /* whatever comes in between finds nothing half-written */
		barrier();
		recent->endpoint.address = packet->destination;
		recent->endpoint.port = packet->destination_port;
		recent->endpoint.protocol = packet->protocol;
		recent->listener = *found;
		barrier();
		recent->known = generation;
	}
	return found;
}

static __always_inline int is_vip(const struct address *address)
{
	return bpf_map_lookup_elem(&vips, address) != 0;
}
