/* The least that a balancer at tcx does which translates addresses both ways: one target, one client's device, all values
 * known beforehand; no listener, no choice, no protection, no counter. What it costs is the price of the way itself. */
#include "system.h"
#include "checksum.h"

char license_of_program[] SEC("license") = "GPL";

/* One direction: what becomes of this address, and where the frame goes then. */
struct way {
	__be32 before;
	__be32 after;
	__u32 device;
	__u8 next_hop[ETH_ALEN];
	__u8 own_mac[ETH_ALEN];
};

#define TO_TARGET 0
#define TO_CLIENT 1

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct way);
} ways SEC(".maps");

static __always_inline int go(struct __sk_buff *context, const struct way *way, __be32 *changed, struct iphdr *ip)
{
	struct ethhdr *ethernet = (void *)(long)context->data;
	__u64 change = change32(way->before, way->after);
	__u32 sum = (change & 0xffffffff) + (change >> 32);

	*changed = way->after;
	apply_change(&ip->check, change + change16(bpf_htons((__u16)ip->ttl << 8), bpf_htons((__u16)(ip->ttl - 1) << 8)));
	ip->ttl -= 1;
	__builtin_memcpy(ethernet->h_dest, way->next_hop, ETH_ALEN);
	__builtin_memcpy(ethernet->h_source, way->own_mac, ETH_ALEN);
	if (bpf_l4_csum_replace(context, ETH_HLEN + sizeof(*ip) + offsetof(struct tcphdr, check), 0, sum, BPF_F_PSEUDO_HDR))
		return TCX_DROP;
	return bpf_redirect(way->device, 0);
}

SEC("tc")
int least_tcx(struct __sk_buff *context)
{
	__u32 to_target = TO_TARGET, to_client = TO_CLIENT;
	struct way *there = bpf_map_lookup_elem(&ways, &to_target), *back = bpf_map_lookup_elem(&ways, &to_client);
	struct ethhdr *ethernet = (void *)(long)context->data;
	struct iphdr *ip = (void *)(ethernet + 1);

	if (!there || !back || (void *)(ip + 1) + sizeof(struct tcphdr) > (void *)(long)context->data_end)
		return TCX_NEXT;
	if (ethernet->h_proto != bpf_htons(ETH_P_IP) || ip->protocol != IPPROTO_TCP)
		return TCX_NEXT;
	if (ip->daddr == there->before)
		return go(context, there, &ip->daddr, ip);
	if (ip->saddr == back->before)
		return go(context, back, &ip->saddr, ip);
	return TCX_NEXT;
}
