/* On a target: takes the outer headers of IP in IP and GUE off packets to a VIP, which the target has itself. Nothing else
 * is taken out of a tunnel: neither packets to other addresses, nor from hosts that are no balancers. What is not for us
 * is left to the kernel. Included by the two entry points, as balance.h. */
#pragma once
#include "packet.h"

/* Addresses of balancers and VIPs of one target. */
#define MAX_TUNNEL_ADDRESSES 1024

enum decapsulation {
	DECAPSULATED,
	/* A tunnel packet to a VIP whose sender is no balancer: dropped, for it says whatever source it likes. */
	DECAPSULATION_REFUSED,
	DECAPSULATIONS,
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_TUNNEL_ADDRESSES);
	__type(key, struct address);
	__type(value, __u32);
} tunnel_vips SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_TUNNEL_ADDRESSES);
	__type(key, struct address);
	__type(value, __u32);
} tunnel_balancers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, DECAPSULATIONS);
	__type(key, __u32);
	__type(value, __u64);
} decapsulations SEC(".maps");

static __always_inline void count_decapsulation(__u32 what)
{
	__u64 *count = bpf_map_lookup_elem(&decapsulations, &what);

	if (count)
		*count += 1;
}

/* Bytes of the outer headers, or 0 for what is no tunnel packet; GUE in its variant 1, where the first bits behind UDP are
 * the version of the inner IP header. */
static __always_inline __u32 outer_bytes(void *data, void *end, struct address *sender)
{
	struct ethhdr *ethernet = data;
	__u32 bytes;
	__u8 protocol;

	if ((void *)(ethernet + 1) > end)
		return 0;
	if (ethernet->h_proto == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = data + OFFSET_IP;

		if ((void *)(ip + 1) > end || ip->version != 4 || ip->ihl != sizeof(*ip) / 4 ||
		    ip->frag_off & bpf_htons(0x3fff))
			return 0;
		map_ipv4(sender, ip->saddr);
		protocol = ip->protocol;
		bytes = sizeof(*ip);
	} else if (ethernet->h_proto == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip = data + OFFSET_IP;

		if ((void *)(ip + 1) > end || ip->version != 6)
			return 0;
		__builtin_memcpy(sender, &ip->saddr, sizeof(*sender));
		protocol = ip->nexthdr;
		bytes = sizeof(*ip);
	} else {
		return 0;
	}
	if (protocol == IPPROTO_IPIP || protocol == IPPROTO_IPV6)
		return bytes;
	struct udphdr *udp = data + OFFSET_IP + bytes;

	if (protocol != IPPROTO_UDP || (void *)(udp + 1) > end || udp->dest != bpf_htons(GUE_PORT))
		return 0;
	return bytes + sizeof(*udp);
}

/* The version of the inner packet with the address that it is for, or 0. */
static __always_inline int read_inner(void *inner, void *end, struct address *destination)
{
	struct iphdr *ip = inner;
	struct ipv6hdr *ip6 = inner;

	if ((void *)(ip + 1) > end)
		return 0;
	if (ip->version == 4) {
		map_ipv4(destination, ip->daddr);
		return 4;
	}
	if (ip->version != 6 || (void *)(ip6 + 1) > end)
		return 0;
	__builtin_memcpy(destination, &ip6->daddr, sizeof(*destination));
	return 6;
}

static __always_inline int decapsulate(CONTEXT *context)
{
	struct address sender = {}, destination = {};

	if (!is_for_this_host(context) || !begin(context))
		return VERDICT_NOT_OURS;
	void *data = frame_start(context), *end = frame_end(context);
	__u32 outer = outer_bytes(data, end, &sender);

	/* The verifier wants a bound that it can see. */
	if (outer < sizeof(struct iphdr) || outer > sizeof(struct ipv6hdr) + sizeof(struct udphdr))
		return VERDICT_NOT_OURS;
	int version = read_inner(data + OFFSET_IP + outer, end, &destination);

	if (!version || !bpf_map_lookup_elem(&tunnel_vips, &destination))
		return VERDICT_NOT_OURS;
	if (!bpf_map_lookup_elem(&tunnel_balancers, &sender)) {
		count_decapsulation(DECAPSULATION_REFUSED);
		return VERDICT_DROP;
	}
	struct ethhdr kept = *(struct ethhdr *)data;

	kept.h_proto = version == 4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
	if (take_room(context, outer, version))
		return VERDICT_DROP;
	data = frame_start(context);
	if (data + sizeof(kept) > frame_end(context))
		return VERDICT_DROP;
	*(struct ethhdr *)data = kept;
	count_decapsulation(DECAPSULATED);
	return VERDICT_KERNEL;
}
