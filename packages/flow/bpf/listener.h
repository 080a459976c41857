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

static __always_inline int is_vip(const struct address *address)
{
	return bpf_map_lookup_elem(&vips, address) != 0;
}

/* Whose the port is that a packet goes to. */
enum owner { OWNER_NOBODY, OWNER_NODE, OWNER_LISTENER };

static __always_inline int is_for_nobody(const struct packet *packet, __u32 generation)
{
	struct recent_source *recent = recent_source_at(&packet->destination);

	return recent && recent->is_none == generation && is_same(&recent->address, &packet->destination);
}

static __always_inline void remember_nobody(const struct packet *packet, __u32 generation)
{
	struct recent_source *recent = recent_source_at(&packet->destination);

	if (!recent || is_vip(&packet->destination))
		return;
	if (!is_same(&recent->address, &packet->destination))
		begin_anew(recent, &packet->destination);
	recent->is_none = generation;
}

/* Looks for the listener in the maps, and remembers it. Answers of targets go to as many ports as there are clients: of those
 * it is kept that there is no listener at their address, which is so where a port has none and the address is no VIP. (All
 * ports of the node's own addresses that others can reach have one.) That a port is the node's own is not kept. By itself, so
 * that keys of maps are not on the stack of all that follows. */
__checked_once int look_up_owner(const struct packet *packet, __u32 generation)
{
	struct recent_listener *recent;
	struct listener *found;

	if (!packet)
		return OWNER_NOBODY;
	found = find_listener(packet);
	if (!found) {
		remember_nobody(packet, generation);
		return OWNER_NOBODY;
	}
	if (found->flags & LISTENER_IS_NODE)
		return OWNER_NODE;
	recent = recent_listener_at(packet);
	if (!recent)
		return OWNER_NOBODY;
	recent->known = 0; /* whatever comes in between finds nothing half-written */
	barrier();
	recent->endpoint.address = packet->destination;
	recent->endpoint.port = packet->destination_port;
	recent->endpoint.protocol = packet->protocol;
	recent->listener = *found;
	barrier();
	recent->known = generation;
	return OWNER_LISTENER;
}

/* Whose packet it is, and the listener if it is one's, by what is known of the last packets. The next packet may find another
 * listener in its place. */
static __always_inline enum owner find_owner(const struct packet *packet, __u32 in_use, struct listener **listener)
{
	__u32 generation = generation_of(in_use);

	/* First of all: the places of endpoints that have no listener would have to come from far memory. */
	if (is_for_nobody(packet, generation))
		return OWNER_NOBODY;
	struct recent_listener *recent = recent_listener_at(packet);

	if (!recent)
		return OWNER_NOBODY;
	if (recent->known != generation || recent->endpoint.port != packet->destination_port ||
	    recent->endpoint.protocol != packet->protocol || !is_same(&recent->endpoint.address, &packet->destination)) {
		enum owner owner = look_up_owner(packet, generation);

		if (owner != OWNER_LISTENER)
			return owner;
	}
	*listener = &recent->listener;
	return OWNER_LISTENER;
}
