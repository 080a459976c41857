/* The last steps that all ways of forwarding share. */
#pragma once
#include "checksum.h"
#include "count.h"
#include "listener.h"

/* Both addresses of the frame, and whether this node sends it on itself. */
static __always_inline void set_next_hop(struct ethhdr *ethernet, const struct target *target)
{
	const __u32 *from = (const __u32 *)target->next_hop;
	__u32 *to = (__u32 *)ethernet;

	_Static_assert(offsetof(struct target, own_mac) == offsetof(struct target, next_hop) + ETH_ALEN &&
		       offsetof(struct target, next_hop) % sizeof(*from) == 0, "both side by side, as in a frame");
	to[0] = from[0];
	to[1] = from[1];
	to[2] = from[2];
}

/* Whether packets from this node's own address get to a target without being routed by the kernel, which takes those over
 * IPv4 for forged, and does not say so. */
static __always_inline int has_way(const struct target *target)
{
	return target->device && (ASKS_FOR_NEXT_HOPS || !(target->flags & TARGET_UNRESOLVED));
}

/* By itself, for the sake of the stacks of those who ask. */
__checked_once int leads_into_container(__u32 device)
{
	__u32 place = device % CONTAINER_PLACES, *container = bpf_map_lookup_elem(&containers, &place);

	return container && *container == device;
}

/* With the hardware addresses that the frame has. */
static __always_inline int send_to_device(CONTEXT *context, __u32 device)
{
	if (HANDS_OVER && is_in_use(GUARD_CONTAINERS) && leads_into_container(device))
		return hand_over(context, device);
	return send_to(context, device);
}

/* Where `has_way`, with addresses of `set_next_hop`. */
static __always_inline int send_on(CONTEXT *context, const struct target *target)
{
	if (target->flags & TARGET_UNRESOLVED)
		return send_asking(context, target->device);
	return send_to_device(context, target->device);
}

/* No verdict of a program: the packet goes on to its target. */
#define BALANCED_ON (-100)

static __always_inline __u32 transport_offset(const struct packet *packet)
{
	return packet->family == FAMILY_IPV4 ? OFFSET_TRANSPORT4 : OFFSET_TRANSPORT6;
}

static __always_inline void turn_around(struct ethhdr *ethernet)
{
	__u8 mac[ETH_ALEN];

	__builtin_memcpy(mac, ethernet->h_source, ETH_ALEN);
	__builtin_memcpy(ethernet->h_source, ethernet->h_dest, ETH_ALEN);
	__builtin_memcpy(ethernet->h_dest, mac, ETH_ALEN);
}

/* The frame goes back to where it came from, with a hop limit of our own. Exchanging two addresses changes no checksum. */
static __always_inline int swap_addresses(CONTEXT *context, const struct packet *packet)
{
	void *data = frame_start(context), *end = frame_end(context);

	if (packet->family == FAMILY_IPV4) {
		struct iphdr *ip = data + OFFSET_IP;

		if ((void *)(ip + 1) > end)
			return -1;
		ip->saddr = packet->destination.words[3];
		ip->daddr = packet->source.words[3];
		apply_change(&ip->check, change16(bpf_htons((__u16)ip->ttl << 8), bpf_htons(OWN_HOP_LIMIT << 8)));
		ip->ttl = OWN_HOP_LIMIT;
	} else {
		struct ipv6hdr *ip = data + OFFSET_IP;

		if ((void *)(ip + 1) > end)
			return -1;
		__builtin_memcpy(&ip->saddr, &packet->destination, sizeof(ip->saddr));
		__builtin_memcpy(&ip->daddr, &packet->source, sizeof(ip->daddr));
		ip->hop_limit = OWN_HOP_LIMIT;
	}
	turn_around(data);
	return 0;
}

/* Before there is a target. */
static __always_inline int drop(__u32 listener, __u32 reason)
{
	count_drop(listener, NOBODY, reason);
	return VERDICT_DROP;
}

static __always_inline int drop_towards(const struct packet *packet, __u32 listener, __u32 reason)
{
	count_drop(listener, packet->target, reason);
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
