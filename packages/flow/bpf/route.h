/* The route that the kernel has for a packet. */
#pragma once
#include "checksum.h"
#include "maps.h"
#include "packet.h"

static __always_inline int takes_short_way(void)
{
	return HAS_SHORT_WAY && is_in_use(GUARD_SHORT_WAY);
}

enum route_found { ROUTE_NONE, ROUTE_ALONE, ROUTE_WITH_NEIGHBOUR, ROUTE_TOO_NARROW };

/* "Don't fragment" is not set, and IPv6 has none. */
static __always_inline int may_be_cut(const struct packet *packet, const void *ip)
{
	return packet->family == FAMILY_IPV4 && !(((const struct iphdr *)ip)->frag_off & bpf_htons(0x4000));
}

/* Asks for the kernel's route of a packet that came in here, once it is from and to these; ports in `route`. Where it is too
 * narrow, its MTU is in `route`. There is none for what is to be answered by an ICMP error of another kind, or kept for this
 * node; nor where somebody has marked it, since rules for routes may look at the mark and the lookup does not.
 * `wants_neighbour`: the next hop's hardware address as well. */
static __always_inline enum route_found find_route(CONTEXT *context, const struct packet *packet,
						   const struct address *source, const struct address *destination,
						   int wants_neighbour, struct bpf_fib_lookup *route)
{
	void *ip = frame_start(context) + OFFSET_IP;

	if (packet->hop_limit <= 1 || is_marked(context) || ip + sizeof(struct iphdr) > frame_end(context))
		return ROUTE_NONE;
	route->l4_protocol = packet->protocol;
	route->ifindex = device_of(context);
	if (packet->family == FAMILY_IPV4) {
		route->family = FAMILY_OF_IPV4;
		route->tos = ((struct iphdr *)ip)->tos;
		route->ipv4_src = source->words[3];
		route->ipv4_dst = destination->words[3];
	} else {
		route->family = FAMILY_OF_IPV6;
		route->flowinfo = *(__be32 *)ip & bpf_htonl(0x0fffffff);
		__builtin_memcpy(route->ipv6_src, source, sizeof(*source));
		__builtin_memcpy(route->ipv6_dst, destination, sizeof(*destination));
	}
	route->tot_len = segment_bytes(context, packet);
	switch (bpf_fib_lookup(context, route, sizeof(*route), wants_neighbour ? 0 : FIB_LOOKUP_SKIP_NEIGH)) {
	case BPF_FIB_LKUP_RET_SUCCESS:
		return wants_neighbour ? ROUTE_WITH_NEIGHBOUR : ROUTE_ALONE;
	case BPF_FIB_LKUP_RET_NO_NEIGH:
		return ROUTE_ALONE;
	case BPF_FIB_LKUP_RET_FRAG_NEEDED:
		return may_be_cut(packet, ip) ? ROUTE_NONE : ROUTE_TOO_NARROW;
	default:
		return ROUTE_NONE;
	}
}

/* Packets up to these fit everywhere: whatever is narrower hardly is a link of a node (RFC 791 wants hosts to take 576 bytes,
 * RFC 8200 wants links to have 1280). */
#define FITS_EVERYWHERE4 576
#define FITS_EVERYWHERE6 1280

/* Where the kernel routes a packet once it is from and to these (`ports`: its source port, and above it that of the
 * destination, as they are in the packet): bytes that there is room for on its way, where it neither fits nor may be cut;
 * else 0. The kernel would say so, too, but about the packet as it is by then, which nobody has sent. */
__checked_once int too_narrow(CONTEXT *context, const struct packet *packet, const struct address *source,
			      const struct address *destination, __u32 ports)
{
	struct bpf_fib_lookup route = { .sport = ports & 0xffff, .dport = ports >> 16 };

	if (!packet || !source || !destination)
		return 0;
	if (segment_bytes(context, packet) <= (packet->family == FAMILY_IPV4 ? FITS_EVERYWHERE4 : FITS_EVERYWHERE6))
		return 0;
	if (find_route(context, packet, source, destination, 0, &route) != ROUTE_TOO_NARROW)
		return 0;
	return route.mtu_result;
}

#if HAS_SHORT_WAY
/* What is in the frame by now, an ICMP error that we have changed, goes on by the kernel's route without its routing, which
 * would take it for forged where a VIP speaks. What has no simple answer is for the kernel. */
__checked_once int send_error_on(CONTEXT *context, __u32 family)
{
	struct bpf_fib_lookup route = { .ifindex = device_of(context) };
	struct iphdr *ip = frame_start(context) + OFFSET_IP;
	struct ipv6hdr *ip6 = frame_start(context) + OFFSET_IP;

	if (is_marked(context) || (void *)(ip + 1) > frame_end(context))
		return VERDICT_KERNEL;
	if (family == FAMILY_IPV4) {
		if (ip->ttl <= 1)
			return VERDICT_KERNEL;
		route.family = FAMILY_OF_IPV4;
		route.l4_protocol = IPPROTO_ICMP;
		route.tos = ip->tos;
		route.tot_len = bpf_ntohs(ip->tot_len);
		route.ipv4_src = ip->saddr;
		route.ipv4_dst = ip->daddr;
	} else {
		if ((void *)(ip6 + 1) > frame_end(context) || ip6->hop_limit <= 1)
			return VERDICT_KERNEL;
		route.family = FAMILY_OF_IPV6;
		route.l4_protocol = IPPROTO_ICMPV6;
		route.tot_len = sizeof(*ip6) + bpf_ntohs(ip6->payload_len);
		__builtin_memcpy(route.ipv6_src, &ip6->saddr, sizeof(route.ipv6_src));
		__builtin_memcpy(route.ipv6_dst, &ip6->daddr, sizeof(route.ipv6_dst));
	}
	int found = bpf_fib_lookup(context, &route, sizeof(route), FIB_LOOKUP_SKIP_NEIGH);

	if (found != BPF_FIB_LKUP_RET_SUCCESS && found != BPF_FIB_LKUP_RET_NO_NEIGH)
		return VERDICT_KERNEL;
	if (family == FAMILY_IPV4) {
		/* ttl is the first byte of its word. */
		apply_change(&ip->check, change16(bpf_htons((__u16)ip->ttl << 8), bpf_htons((__u16)(ip->ttl - 1) << 8)));
		ip->ttl -= 1;
	} else if ((void *)(ip6 + 1) <= frame_end(context)) {
		ip6->hop_limit -= 1;
	}
	return send_by_route(&route);
}
#endif

/* An ICMP error that we have changed. */
static __always_inline int error_goes_on(CONTEXT *context, __u32 family)
{
#if HAS_SHORT_WAY
	if (takes_short_way())
		return send_error_on(context, family);
#endif
	return VERDICT_KERNEL;
}
