/* IP in IP (RFC 2003, RFC 2473, RFC 4213) and Generic UDP Encapsulation in its variant without a header of its own,
 * where the first bits after UDP are the version of the inner IP (draft-ietf-intarea-gue, section 4). The target takes the
 * outer headers off, has the VIP itself, and answers the client directly. */
#pragma once
#include "send.h"
#include "too-big.h"

struct outer4 {
	struct iphdr ip;
	struct udphdr udp; /* GUE only */
};

struct outer6 {
	struct ipv6hdr ip;
	struct udphdr udp;
};

static __always_inline __u8 inner_protocol(const struct packet *packet, int gue)
{
	if (gue)
		return IPPROTO_UDP;
	return packet->family == FAMILY_IPV4 ? IPPROTO_IPIP : IPPROTO_IPV6;
}

/* Without a checksum: the inner packet has its own. For IPv6 that is RFC 6935 and the conditions of RFC 6936. */
static __always_inline void fill_udp(struct udphdr *udp, const struct packet *packet)
{
	udp->source = bpf_htons(GUE_SOURCE_BASE | (packet->hash & GUE_SOURCE_BITS));
	udp->dest = bpf_htons(GUE_PORT);
	udp->len = bpf_htons(packet->ip_bytes + sizeof(*udp));
	udp->check = 0;
}

static __always_inline void fill_ipv4(struct iphdr *ip, const struct packet *packet, const struct target *target,
				      int gue)
{
	__u16 *words = (__u16 *)ip;
	__u64 sum = 0;

	__builtin_memset(ip, 0, sizeof(*ip));
	ip->version = 4;
	ip->ihl = sizeof(*ip) / 4;
	ip->tot_len = bpf_htons(packet->ip_bytes + sizeof(*ip) + (gue ? sizeof(struct udphdr) : 0));
	ip->frag_off = bpf_htons(0x4000); /* fragments of a tunnel would meet in one queue, if at all */
	ip->ttl = OWN_HOP_LIMIT;
	ip->protocol = inner_protocol(packet, gue);
	ip->saddr = target->tunnel_source.words[3];
	ip->daddr = target->address.words[3];
#pragma unroll
	for (int i = 0; i < sizeof(*ip) / 2; i++)
		sum += words[i];
	ip->check = ~fold(sum);
}

static __always_inline void fill_ipv6(struct ipv6hdr *ip, const struct packet *packet, const struct target *target,
				      int gue)
{
	__builtin_memset(ip, 0, sizeof(*ip));
	/* The flow's hash as flow label (RFC 6438): routers spread by it. */
	*(__be32 *)ip = bpf_htonl(6u << 28 | (packet->hash & 0xfffff));
	ip->payload_len = bpf_htons(packet->ip_bytes + (gue ? sizeof(struct udphdr) : 0));
	ip->nexthdr = inner_protocol(packet, gue);
	ip->hop_limit = OWN_HOP_LIMIT;
	__builtin_memcpy(&ip->saddr, &target->tunnel_source, sizeof(ip->saddr));
	__builtin_memcpy(&ip->daddr, &target->address, sizeof(ip->daddr));
}

static __always_inline int room_for(const struct target *target, int gue)
{
	return (is_ipv4(&target->address) ? sizeof(struct iphdr) : sizeof(struct ipv6hdr)) +
	       (gue ? sizeof(struct udphdr) : 0);
}

/* Puts the outer headers on, whatever their length then, and sends the packet off. */
__checked_once int wrap(CONTEXT *context, const struct packet *packet, const struct target *target, __u32 listener, int gue)
{
	struct ethhdr *ethernet = frame_start(context), kept;

	if (!packet || !target)
		return VERDICT_DROP;
	int ipv4 = is_ipv4(&target->address), room = room_for(target, gue);

	if (ipv4 && !has_way(target))
		return drop_towards(packet, listener, DROP_NO_NEXT_HOP);
	if ((void *)(ethernet + 1) > frame_end(context))
		return drop_towards(packet, listener, DROP_MALFORMED);
	kept = *ethernet;
	if (make_room(context, room, !ipv4, gue))
		return drop_towards(packet, listener, DROP_NO_ROOM);
	ethernet = frame_start(context);
	if (ipv4) {
		struct outer4 *outer = (void *)(ethernet + 1);

		if ((void *)(gue ? (void *)(outer + 1) : (void *)&outer->udp) > frame_end(context))
			return drop_towards(packet, listener, DROP_NO_ROOM);
		fill_ipv4(&outer->ip, packet, target, gue);
		if (gue)
			fill_udp(&outer->udp, packet);
		kept.h_proto = bpf_htons(ETH_P_IP);
	} else {
		struct outer6 *outer = (void *)(ethernet + 1);

		if ((void *)(gue ? (void *)(outer + 1) : (void *)&outer->udp) > frame_end(context))
			return drop_towards(packet, listener, DROP_NO_ROOM);
		fill_ipv6(&outer->ip, packet, target, gue);
		if (gue)
			fill_udp(&outer->udp, packet);
		kept.h_proto = bpf_htons(ETH_P_IPV6);
	}
	*ethernet = kept;
	if (!has_way(target))
		return VERDICT_KERNEL;
	set_next_hop(ethernet, target);
	return send_on(context, target);
}

static __always_inline int forward_by_tunnel(CONTEXT *context, const struct packet *packet, const struct target *target,
					     __u32 listener, int gue)
{
	int room = room_for(target, gue);

	if (target->mtu && segment_bytes(context, packet) + room > target->mtu)
		return answer_too_big(context, packet, listener, target->mtu - room);
	return wrap(context, packet, target, listener, gue);
}
