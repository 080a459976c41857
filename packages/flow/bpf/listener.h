#pragma once
#include "maps.h"
#include "packet.h"

static __always_inline struct listener *find_listener(const struct packet *packet)
{
	struct endpoint exact = {
		.address = packet->destination,
		.port = packet->destination_port,
		.protocol = packet->protocol,
	};
	struct listener *found = bpf_map_lookup_elem(&listeners, &exact);

	if (found)
		return found;
	struct range range = {
		.prefix_length = 8 * (offsetof(struct range, zero2) - sizeof(range.prefix_length)),
		.protocol = packet->protocol,
		.address = packet->destination,
		.port = packet->destination_port,
	};
	return bpf_map_lookup_elem(&listener_ranges, &range);
}

static __always_inline int is_vip(const struct address *address)
{
	return bpf_map_lookup_elem(&vips, address) != 0;
}
