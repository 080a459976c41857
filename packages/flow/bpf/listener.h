#pragma once
#include "maps.h"
#include "packet.h"

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

static __always_inline int is_vip(const struct address *address)
{
	return bpf_map_lookup_elem(&vips, address) != 0;
}
