/* Packets that begin here and go back to the client, made of the frame that they answer: what was read of it is on the
 * stack, the frame is cut to length and written anew. */
#pragma once
#include "send.h"

/* Of memory in whole words of 4 bytes, added to `sum`. */
static __always_inline __u64 sum_of(const void *memory, __u32 bytes, __u64 sum)
{
	return sum + (__u32)bpf_csum_diff(0, 0, (__be32 *)memory, bytes, 0);
}

static __always_inline __u64 pseudo_sum(const struct packet *packet, __u8 protocol, __u16 bytes)
{
	__u64 sum = bpf_htons(protocol) + bpf_htons(bytes);

	/* The words before an IPv4 address are those of its mapping, on both sides. */
	if (packet->family == FAMILY_IPV4)
		return sum_of(&packet->source.words[3], 4, sum_of(&packet->destination.words[3], 4, sum));
	return sum_of(&packet->source, 16, sum_of(&packet->destination, 16, sum));
}

static __always_inline void head_answer4(struct iphdr *ip, const struct packet *packet, __u8 protocol, __u16 bytes)
{
	ip->version = 4;
	ip->ihl = sizeof(*ip) / 4;
	ip->tot_len = bpf_htons(bytes);
	ip->frag_off = bpf_htons(0x4000);
	ip->ttl = OWN_HOP_LIMIT;
	ip->protocol = protocol;
	ip->saddr = packet->destination.words[3];
	ip->daddr = packet->source.words[3];
	ip->check = ~fold(sum_of(ip, sizeof(*ip), 0));
}

static __always_inline void head_answer6(struct ipv6hdr *ip, const struct packet *packet, __u8 protocol, __u16 bytes)
{
	ip->version = 6;
	ip->payload_len = bpf_htons(bytes - sizeof(*ip));
	ip->nexthdr = protocol;
	ip->hop_limit = OWN_HOP_LIMIT;
	__builtin_memcpy(&ip->saddr, &packet->destination, sizeof(ip->saddr));
	__builtin_memcpy(&ip->daddr, &packet->source, sizeof(ip->daddr));
}

/* `bytes` from the IP header on take the place of all that was there. */
static __always_inline int send_answer(CONTEXT *context, const struct packet *packet, const void *answer, __u32 bytes)
{
	if (cut(context, ETH_HLEN + bytes))
		return VERDICT_DROP;
	struct ethhdr *ethernet = frame_start(context);

	if ((void *)(ethernet + 1) + bytes > frame_end(context))
		return VERDICT_DROP;
	__builtin_memcpy(ethernet + 1, answer, bytes);
	turn_around(ethernet);
	return send_back(context);
}
