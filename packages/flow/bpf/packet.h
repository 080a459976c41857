/* What a frame says about itself. No byte of it is trusted before it is compared with the end of the frame. */
#pragma once
#include "structs.h"

enum family { FAMILY_NONE, FAMILY_IPV4, FAMILY_IPV6 };

/* Offsets into the frame: headers have fixed places, because packets with IPv4 options or IPv6 extension headers are
 * not balanced. Frames with a VLAN tag are not looked at here, but on the VLAN's own device. */
#define OFFSET_IP ETH_HLEN
#define OFFSET_TRANSPORT4 (OFFSET_IP + sizeof(struct iphdr))
#define OFFSET_TRANSPORT6 (OFFSET_IP + sizeof(struct ipv6hdr))

/* Half an address, where one is known to lie at a multiple of 8 bytes. */
typedef __u64 __attribute__((may_alias)) half;

struct packet {
	struct address source __attribute__((aligned(sizeof(half))));
	struct address destination;
	__be16 source_port;
	__be16 destination_port;
	__u32 bytes; /* of the whole frame */
	__u32 hash; /* of the whole flow, once a target is chosen by it */
	__u32 target; /* once it is chosen */
	__u16 ip_bytes; /* without Ethernet header and padding */
	__u8 family;
	__u8 protocol;
	__u8 hop_limit;
	__u8 opens; /* SYN without ACK */
	__u8 ends; /* FIN or RST */
	__u8 acknowledges; /* ACK without SYN or RST: could be answered by a RST */
	__u8 is_quoted; /* no packet at all, but what an ICMP error is about */
};

/* OUTCOME_NOT_OURS and the drops; a drop only counts for a packet to a VIP. */
#define PARSED (-1)

static __always_inline void map_ipv4(struct address *address, __be32 ipv4)
{
	address->words[0] = 0;
	address->words[1] = 0;
	address->words[2] = bpf_htonl(0xffff);
	address->words[3] = ipv4;
}

/* The same of a packet, whose addresses are read in halves: a read has to wait for what was written in smaller parts. */
static __always_inline void map_ipv4_at_once(struct address *address, __be32 ipv4)
{
	half *halves = (half *)address;

	halves[0] = 0;
	halves[1] = (__u64)ipv4 << 32 | bpf_htonl(0xffff);
}

/* Of a packet, or at a multiple of 8 bytes in a map's value. */
static __always_inline int is_same(const struct address *one, const struct address *other)
{
	const half *a = (const half *)one, *b = (const half *)other;

	return a[1] == b[1] && a[0] == b[0];
}

static __always_inline int is_ipv4(const struct address *address)
{
	return address->words[2] == bpf_htonl(0xffff) && address->words[0] == 0 && address->words[1] == 0;
}

static __always_inline int is_unspecified(const struct address *address)
{
	return !(address->words[0] | address->words[1] | address->words[2] | address->words[3]);
}

/* Of the TCP header, the half word with its length and flags (RFC 9293, section 3.1). */
#define TCP_FLAGS_WORD 6
#define TCP_LENGTH_SHIFT 12
#define TCP_FIN 1
#define TCP_SYN 2
#define TCP_RST 4
#define TCP_ACK 16

static __always_inline int parse_tcp(struct packet *packet, struct tcphdr *tcp, void *end)
{
	if ((void *)(tcp + 1) > end)
		return DROP_MALFORMED;
	__u16 word = bpf_ntohs(*((__be16 *)tcp + TCP_FLAGS_WORD));

	if (word >> TCP_LENGTH_SHIFT < sizeof(*tcp) / 4)
		return DROP_MALFORMED;
	/* No stack sends these; scanners do, to tell systems apart. */
	if (word & TCP_SYN ? word & (TCP_FIN | TCP_RST) : !(word & (TCP_ACK | TCP_RST)))
		return DROP_MALFORMED;
	packet->source_port = tcp->source;
	packet->destination_port = tcp->dest;
	/* Computed, as a branch for each would multiply the ways through all that follows. */
	__u8 syn = word >> 1, reset = word >> 2, ack = word >> 4;

	packet->opens = syn & ~ack & 1;
	packet->ends = (word | reset) & 1;
	packet->acknowledges = ack & ~syn & ~reset & 1;
	return PARSED;
}

static __always_inline int parse_transport(struct packet *packet, void *transport, void *end)
{
	struct udphdr *udp = transport;

	switch (packet->protocol) {
	case IPPROTO_TCP:
		return parse_tcp(packet, transport, end);
	case IPPROTO_UDP:
		if ((void *)(udp + 1) > end)
			return DROP_MALFORMED;
		packet->source_port = udp->source;
		packet->destination_port = udp->dest;
		return PARSED;
	case IPPROTO_ICMP:
		/* On IPv6 a protocol like any other. */
		return packet->family == FAMILY_IPV4 ? PARSED : OUTCOME_NOT_OURS;
	case IPPROTO_ICMPV6:
		return packet->family == FAMILY_IPV6 ? PARSED : OUTCOME_NOT_OURS;
	case IPPROTO_FRAGMENT:
		return packet->family == FAMILY_IPV6 ? DROP_FRAGMENT : OUTCOME_NOT_OURS;
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
		return packet->family == FAMILY_IPV6 ? DROP_EXTENSIONS : OUTCOME_NOT_OURS;
	default:
		return OUTCOME_NOT_OURS;
	}
}

static __always_inline int parse_ipv4(struct packet *packet, struct iphdr *ip, void *end)
{
	if ((void *)(ip + 1) > end || ip->version != 4 || ip->ihl < sizeof(*ip) / 4)
		return OUTCOME_NOT_OURS;
	packet->family = FAMILY_IPV4;
	packet->protocol = ip->protocol;
	packet->hop_limit = ip->ttl;
	map_ipv4_at_once(&packet->source, ip->saddr);
	map_ipv4_at_once(&packet->destination, ip->daddr);
	packet->ip_bytes = bpf_ntohs(ip->tot_len);
	if (packet->ip_bytes < sizeof(*ip) || OFFSET_IP + packet->ip_bytes > packet->bytes)
		return DROP_MALFORMED;
	if (ip->ihl != sizeof(*ip) / 4)
		return DROP_EXTENSIONS;
	/* More fragments, or not the first one (RFC 791, section 3.1); "don't fragment" is 0x4000. */
	if (ip->frag_off & bpf_htons(0x3fff))
		return DROP_FRAGMENT;
	return parse_transport(packet, ip + 1, end);
}

static __always_inline int parse_ipv6(struct packet *packet, struct ipv6hdr *ip, void *end)
{
	if ((void *)(ip + 1) > end || ip->version != 6)
		return OUTCOME_NOT_OURS;
	packet->family = FAMILY_IPV6;
	packet->protocol = ip->nexthdr;
	packet->hop_limit = ip->hop_limit;
	__builtin_memcpy(&packet->source, &ip->saddr, sizeof(packet->source));
	__builtin_memcpy(&packet->destination, &ip->daddr, sizeof(packet->destination));
	packet->ip_bytes = sizeof(*ip) + bpf_ntohs(ip->payload_len);
	if (OFFSET_IP + packet->ip_bytes > packet->bytes)
		return DROP_MALFORMED;
	return parse_transport(packet, ip + 1, end);
}

static __always_inline int parse(struct packet *packet, void *data, void *end)
{
	struct ethhdr *ethernet = data;

	/* The lowest bit of the first byte: broadcast and multicast (IEEE 802.3). */
	if ((void *)(ethernet + 1) > end || ethernet->h_dest[0] & 1)
		return OUTCOME_NOT_OURS;
	/* At once: the kernel's structure is declared as one of bytes. */
	__be16 type = *(__be16 *)(data + offsetof(struct ethhdr, h_proto));

	if (type == bpf_htons(ETH_P_IP))
		return parse_ipv4(packet, data + OFFSET_IP, end);
	if (type == bpf_htons(ETH_P_IPV6))
		return parse_ipv6(packet, data + OFFSET_IP, end);
	return OUTCOME_NOT_OURS;
}
