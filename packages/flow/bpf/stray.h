/* Packets to a VIP at a port that nobody listens on. Where the VIP is an address of this node, they are the kernel's. Where it
 * is only routed to this node, the kernel would route them as well: as a rule back to the router that they came from, which
 * sends them here again, and so on until their hop limit is used up. */
#pragma once
#include "maps.h"
#include "packet.h"

/* Whether the kernel would send it back by the device that it has come by. By itself, because hardly any packet gets so far. */
__checked_once int is_stray(CONTEXT *context, const struct packet *packet)
{
	struct bpf_fib_lookup route = {};

	if (!packet)
		return 0;
	__u32 *vip = bpf_map_lookup_elem(&vips, &packet->destination);

	if (!vip || !(*vip & VIP_ENDS_HERE))
		return 0;
	route.ifindex = device_of(context);
	route.l4_protocol = packet->protocol;
	if (packet->family == FAMILY_IPV4) {
		route.family = FAMILY_OF_IPV4;
		route.ipv4_src = packet->source.words[3];
		route.ipv4_dst = packet->destination.words[3];
	} else {
		route.family = FAMILY_OF_IPV6;
		__builtin_memcpy(route.ipv6_src, &packet->source, sizeof(packet->source));
		__builtin_memcpy(route.ipv6_dst, &packet->destination, sizeof(packet->destination));
	}
	return bpf_fib_lookup(context, &route, sizeof(route), FIB_LOOKUP_SKIP_NEIGH) == BPF_FIB_LKUP_RET_SUCCESS &&
	       route.ifindex == device_of(context);
}
