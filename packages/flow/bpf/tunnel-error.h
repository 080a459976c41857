/* A router on the way of a tunnel has no room for a packet that has become longer by our outer headers, and says so to us.
 * Whose it was is behind those headers, as far as the error quotes it: the client is told what would fit of it, as if the
 * router had told it so (RFC 2003, section 4; RFC 2473, section 8). Nothing is kept of it. */
#pragma once
#include "choose.h"
#include "route.h"
#include "too-big.h"
#include "tunnel.h"

/* Of the frame: Ethernet, IPv6, ICMPv6, and the outer headers of GUE over IPv6. */
#define LONGEST_WAY_TO_INNER (ETH_HLEN + sizeof(struct ipv6hdr) + sizeof(struct icmp_head) + sizeof(struct outer6))

static __always_inline int is_about_size(const struct packet *packet, const struct icmp_head *icmp)
{
	if (packet->family == FAMILY_IPV4)
		return icmp->type == ICMP4_UNREACHABLE && icmp->code == ICMP4_TOO_BIG;
	return icmp->type == ICMP6_TOO_BIG;
}

/* Of a tunnel, as it begins at `about`: bytes of its headers, and whom it was for. 0: it is none. */
static __always_inline __u32 read_outer(const struct packet *packet, void *about, void *end, struct address *to)
{
	__u32 bytes;
	__u8 protocol;
	__be16 port;

	if (packet->family == FAMILY_IPV4) {
		struct quote4 *quote = about;

		if ((void *)(quote + 1) > end || quote->ip.ihl != sizeof(quote->ip) / 4)
			return 0;
		map_ipv4(to, quote->ip.daddr);
		protocol = quote->ip.protocol;
		port = quote->ports[1];
		bytes = sizeof(quote->ip);
	} else {
		struct quote6 *quote = about;

		if ((void *)(quote + 1) > end)
			return 0;
		__builtin_memcpy(to, &quote->ip.daddr, sizeof(*to));
		protocol = quote->ip.nexthdr;
		port = quote->ports[1];
		bytes = sizeof(quote->ip);
	}
	if (protocol == IPPROTO_IPIP || protocol == IPPROTO_IPV6)
		return bytes;
	return protocol == IPPROTO_UDP && port == bpf_htons(GUE_PORT) ? bytes + sizeof(struct udphdr) : 0;
}

/* The packet of a client, as it begins at `about`. */
static __always_inline int read_inner_packet(void *about, void *end, struct packet *flow)
{
	struct quote4 *quote = about;
	struct quote6 *quote6 = about;
	__be16 *ports;

	if ((void *)(quote + 1) > end)
		return 0;
	if (quote->ip.version == 4 && quote->ip.ihl == sizeof(quote->ip) / 4) {
		flow->family = FAMILY_IPV4;
		flow->protocol = quote->ip.protocol;
		flow->ip_bytes = bpf_ntohs(quote->ip.tot_len);
		map_ipv4(&flow->source, quote->ip.saddr);
		map_ipv4(&flow->destination, quote->ip.daddr);
		ports = quote->ports;
	} else if (quote->ip.version == 6 && (void *)(quote6 + 1) <= end) {
		flow->family = FAMILY_IPV6;
		flow->protocol = quote6->ip.nexthdr;
		flow->ip_bytes = sizeof(quote6->ip) + bpf_ntohs(quote6->ip.payload_len);
		__builtin_memcpy(&flow->source, &quote6->ip.saddr, sizeof(flow->source));
		__builtin_memcpy(&flow->destination, &quote6->ip.daddr, sizeof(flow->destination));
		ports = quote6->ports;
	} else {
		return 0;
	}
	flow->source_port = ports[0];
	flow->destination_port = ports[1];
	return flow->protocol == IPPROTO_TCP || flow->protocol == IPPROTO_UDP;
}

/* Whether this node would send such a packet in a tunnel to this address: what it has not sent, it says nothing about. */
__checked_once int is_sent_to(struct packet *flow, const struct address *to)
{
	__u32 reason, number;

	if (!flow || !to)
		return 0;
	struct listener *listener = find_listener(flow);

	if (!listener || (listener->mode != MODE_IPIP && listener->mode != MODE_GUE))
		return 0;
	number = choose(flow, listener, 0, &reason);
	struct target *target = bpf_map_lookup_elem(&targets, &number);

	return number != NOBODY && target && is_same(&target->address, to);
}

/* The error takes the place of the one that has come, on the same way. */
static __always_inline int put_error(CONTEXT *context, const void *error, __u32 bytes, __be16 ethernet_type)
{
	if (change_family(context, ethernet_type) || cut(context, ETH_HLEN + bytes))
		return -1;
	struct ethhdr *ethernet = frame_start(context);

	if ((void *)(ethernet + 1) + bytes > frame_end(context))
		return -1;
	ethernet->h_proto = ethernet_type;
	__builtin_memcpy(ethernet + 1, error, bytes);
	return 0;
}

/* `told`: whose source is told, by whose destination. `at`: where in the frame the packet in question begins. */
__checked_once int tell_too_big4(CONTEXT *context, const struct packet *told, __u32 at, __u32 mtu)
{
	struct error4 error = {};

	if (!told || at > LONGEST_WAY_TO_INNER)
		return -1;
	if (fill_too_big4(context, &error, told, at, mtu))
		return -1;
	return put_error(context, &error, sizeof(error), bpf_htons(ETH_P_IP));
}

__checked_once int tell_too_big6(CONTEXT *context, const struct packet *told, __u32 at, __u32 mtu)
{
	struct error6 error = {};

	if (!told || at > LONGEST_WAY_TO_INNER)
		return -1;
	if (fill_too_big6(context, &error, told, at, mtu))
		return -1;
	return put_error(context, &error, sizeof(error), bpf_htons(ETH_P_IPV6));
}

/* For an ICMP error: BALANCED_ON where it is not about a tunnel of ours, or not about size, and is as it was. */
__checked_once int relay_too_big(CONTEXT *context, const struct packet *packet)
{
	void *data = frame_start(context), *end = frame_end(context);
	struct packet flow = { .is_quoted = 1 };
	struct address to __attribute__((aligned(sizeof(half)))) = {};

	if (!packet)
		return BALANCED_ON;
	__u32 head = transport_offset(packet);
	struct icmp_head *icmp = data + head;

	if ((void *)(icmp + 1) > end || !is_about_size(packet, icmp))
		return BALANCED_ON;
	/* IPv4 has 16 bits for it, and old routers say 0 (RFC 1191, section 5). */
	__u32 mtu = bpf_ntohl(icmp->rest) & (packet->family == FAMILY_IPV4 ? 0xffff : 0xffffffff);
	__u32 outer = read_outer(packet, icmp + 1, end, &to), at = head + sizeof(*icmp) + outer;

	/* The verifier wants a bound that it can see. */
	if (!outer || at > LONGEST_WAY_TO_INNER || !read_inner_packet(data + at, end, &flow))
		return BALANCED_ON;
	if (mtu <= outer || flow.ip_bytes + outer <= mtu || !is_sent_to(&flow, &to))
		return BALANCED_ON;
	/* A router of the other family has no address to speak from. */
	if (flow.family == packet->family)
		flow.destination = packet->source;
	if (flow.family == FAMILY_IPV4 ? tell_too_big4(context, &flow, at, mtu - outer)
				       : tell_too_big6(context, &flow, at, mtu - outer))
		return VERDICT_DROP;
	count_outcome(OUTCOME_ICMP_RETURNED);
	return error_goes_on(context, flow.family);
}
