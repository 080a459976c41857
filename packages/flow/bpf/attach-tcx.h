/* How a program at tcx (or clsact) reads, changes and sends frames. attach-xdp.h has the same names for XDP. */
#pragma once
#include "checksum.h"
#include "packet.h"
#include <bpf/bpf_core_read.h>

#define CONTEXT struct __sk_buff
/* Other programs at the same hook may look at it. */
#define VERDICT_NOT_OURS TCX_NEXT
#define VERDICT_KERNEL TCX_PASS
#define VERDICT_DROP TCX_DROP

/* Enough for an ICMPv6 error of a router about a tunnel, with what it quotes of it: the outer headers of an IPv6 packet in
 * GUE over IPv6, and the inner ones to the first 8 bytes of the transport header: 14 + 40 + 8 + 40 + 8 + 40 + 8. */
#define LONGEST_HEADERS 158

#define KIND_FOR_THIS_HOST 0 /* PACKET_HOST of linux/if_packet.h */

/* The barriers keep clang from computing a member's address once for several reads: the verifier only knows reads that
 * begin at the context itself. */
static __always_inline void *frame_start(CONTEXT *context)
{
	barrier_var(context);
	return (void *)(long)context->data;
}

static __always_inline void *frame_end(CONTEXT *context)
{
	barrier_var(context);
	return (void *)(long)context->data_end;
}

static __always_inline __u32 frame_bytes(CONTEXT *context)
{
	return context->len;
}

/* With most devices the headers of TCP are all that can be read directly. To have more would copy them for each packet, so
 * that is done where a packet turns out to be no TCP or UDP with its header at hand. */
#define MAY_SAY_MORE(parsed, protocol) \
	((parsed) != PARSED || (protocol) == IPPROTO_ICMP || (protocol) == IPPROTO_ICMPV6)
static __always_inline __u32 readable_bytes(CONTEXT *context)
{
	return context->len;
}

#define VLAN_NUMBER 0xfff /* Of a tag; 0: it has a priority alone (IEEE 802.1Q). */

/* A bridge floods frames of others, too; to answer those would send packets twice. And the kernel takes VLAN tags off the
 * frame before it comes here: one with a number comes again on the device of its VLAN, and would be sent on with its tag. */
static __always_inline int is_for_this_host(CONTEXT *context)
{
	return context->pkt_type == KIND_FOR_THIS_HOST && !(context->vlan_present && context->vlan_tci & VLAN_NUMBER);
}

/* Headers may lie in pages that the program cannot read directly: has those of any packet where it can. */
static __always_inline int begin(CONTEXT *context)
{
	__u32 wanted = context->len < LONGEST_HEADERS ? context->len : LONGEST_HEADERS;

	/* As numbers: what is compared here says nothing to the verifier, which wants it said again at each header. */
	if ((long)frame_end(context) - (long)frame_start(context) < wanted)
		return bpf_skb_pull_data(context, wanted) == 0;
	return 1;
}

/* That it came in by. */
static __always_inline __u32 device_of(CONTEXT *context)
{
	return context->ifindex;
}

static __always_inline int send_back(CONTEXT *context)
{
	return bpf_redirect(device_of(context), 0);
}

static __always_inline int send_to(CONTEXT *context, __u32 device)
{
	return bpf_redirect(device, 0);
}

#define HANDS_OVER 1
/* To the other end of the device, past its queue and those of the kernel, as if it had come in there. A mark is of this side:
 * the device would take it off as well. */
static __always_inline int hand_over(CONTEXT *context, __u32 device)
{
	if (context->mark)
		context->mark = 0;
	return bpf_redirect_peer(device, 0);
}

/* The kernel looks for the next hop on this device, asks for its hardware address, and keeps the packet until it is told.
 * Unlike what it routes for others, the packet may come from this node's own address. */
#define ASKS_FOR_NEXT_HOPS 1
static __always_inline int send_asking(CONTEXT *context, __u32 device)
{
	return bpf_redirect_neigh(device, 0, 0, 0);
}

/* Of the kernel's own structure, what the context does not show. Where it lies, libbpf finds out when it loads. */
struct sk_buff {
	__u8 ip_summed : 2;
} __attribute__((preserve_access_index));

/* Of Linux 6.2; no call in the end. */
extern void *bpf_cast_to_kern_ctx(void *context) __ksym;

/* Of linux/skbuff.h: what the kernel knows of a packet's checksum. */
#define CHECKSUM_COMPLETE 2 /* the sum of all bytes, which has to change with them */
#define CHECKSUM_PARTIAL 3 /* it is of the pseudo header alone, until a device completes it: local packets */

static __always_inline __u32 known_of_checksum(CONTEXT *context)
{
	struct sk_buff *packet = bpf_cast_to_kern_ctx(context);

	return BPF_CORE_READ_BITFIELD(packet, ip_summed);
}

/* Pointers into the frame are invalid afterwards. The kernel's helper, which could do all of it, takes some 17 ns for each
 * of address and port. */
static __always_inline int change_transport_checksum(CONTEXT *context, __u32 offset, __u64 address_change,
						     __be16 port_before, __be16 port_after, int is_udp)
{
	__u64 flags = is_udp ? BPF_F_MARK_MANGLED_0 : 0;
	__u32 known = known_of_checksum(context);

	if (known != CHECKSUM_COMPLETE) {
		__u16 *check = frame_start(context) + offset;

		if ((void *)(check + 1) > frame_end(context))
			return -1;
		if (known == CHECKSUM_PARTIAL)
			*check = fold(*check + address_change);
		else
			change_whole_checksum(check, address_change + change16(port_before, port_after), is_udp);
		return 0;
	}
	address_change = (address_change & 0xffffffff) + (address_change >> 32);
	address_change = (address_change & 0xffffffff) + (address_change >> 32);
	if (bpf_l4_csum_replace(context, offset, 0, address_change, flags | BPF_F_PSEUDO_HDR))
		return -1;
	if (port_before == port_after)
		return 0;
	return bpf_l4_csum_replace(context, offset, port_before, port_after, flags | sizeof(port_before));
}

/* The same for a change within the segment, of which the pseudo header does not know. */
static __always_inline int change_segment_checksum(CONTEXT *context, __u32 offset, __u64 change)
{
	change = (change & 0xffffffff) + (change >> 32);
	return bpf_l4_csum_replace(context, offset, 0, (change & 0xffffffff) + (change >> 32), 0);
}

/* Whether a device, or the kernel, still has to complete the checksum at `offset`: then the helper leaves it as it is
 * when the segment changes. The checksum is lost. */
static __always_inline int is_checksum_unfinished(CONTEXT *context, __u32 offset)
{
	__u16 before = 0x5a5a, after = 0;

	if (bpf_skb_store_bytes(context, offset, &before, sizeof(before), 0) ||
	    bpf_l4_csum_replace(context, offset, 0, 1, 0) ||
	    bpf_skb_load_bytes(context, offset, &after, sizeof(after)))
		return 0;
	return before == after;
}

/* The frame becomes this short, and can be written directly; of segments that would have been cut out of it there is one. */
static __always_inline int cut(CONTEXT *context, __u32 bytes)
{
	return bpf_skb_change_tail(context, bytes, 0) || bpf_skb_pull_data(context, bytes);
}

/* The kernel has read what family the frame is of, and believes that. What is behind the Ethernet header is lost. */
static __always_inline int change_family(CONTEXT *context, __be16 ethernet_type)
{
	return context->protocol == ethernet_type ? 0 : bpf_skb_change_proto(context, ethernet_type, 0);
}

/* Of the IP packet as it was, or will be, on the wire: the kernel hands us many segments as one. */
static __always_inline __u32 segment_bytes(CONTEXT *context, const struct packet *packet)
{
	__u32 offset = packet->family == FAMILY_IPV4 ? OFFSET_TRANSPORT4 : OFFSET_TRANSPORT6;
	__u32 payload = context->gso_size;
	struct tcphdr *tcp = frame_start(context) + offset;

	if (!payload)
		return packet->ip_bytes;
	if (packet->protocol != IPPROTO_TCP)
		return offset - OFFSET_IP + sizeof(struct udphdr) + payload;
	if ((void *)(tcp + 1) > frame_end(context))
		return packet->ip_bytes;
	return offset - OFFSET_IP + tcp->doff * 4 + payload;
}

#define HAS_SHORT_WAY 1

/* Somebody has: rules for routes may look at the mark. */
static __always_inline int is_marked(CONTEXT *context)
{
	return context->mark != 0;
}

/* Through the kernel's table of neighbours, which asks for the next hop's hardware address where it is not known, and keeps
 * on asking whether it is still right. */
static __always_inline int send_by_route(const struct bpf_fib_lookup *route)
{
	struct bpf_redir_neigh hop = { .nh_family = route->family };

	__builtin_memcpy(hop.ipv6_nh, route->ipv6_dst, sizeof(hop.ipv6_nh));
	return bpf_redirect_neigh(route->ifindex, &hop, sizeof(hop), 0);
}

/* FIXED_GSO: segments stay as long as they are, so the link to the target has to carry the outer headers as well. */
static __always_inline int make_room(CONTEXT *context, int bytes, int outer_ipv6, int udp)
{
	__u64 flags = BPF_F_ADJ_ROOM_FIXED_GSO;

	flags |= outer_ipv6 ? BPF_F_ADJ_ROOM_ENCAP_L3_IPV6 : BPF_F_ADJ_ROOM_ENCAP_L3_IPV4;
	if (udp)
		flags |= BPF_F_ADJ_ROOM_ENCAP_L4_UDP;
	return bpf_skb_adjust_room(context, bytes, BPF_ADJ_ROOM_MAC, flags);
}

/* The first 14 bytes stay. The version has to be said, because the kernel believes what it read of the outer header. */
static __always_inline int take_room(CONTEXT *context, __u32 bytes, int inner_version)
{
	__u64 flags = BPF_F_ADJ_ROOM_FIXED_GSO;

	flags |= inner_version == 4 ? ADJ_ROOM_DECAP_L3_IPV4 : ADJ_ROOM_DECAP_L3_IPV6;
	return bpf_skb_adjust_room(context, -(int)bytes, BPF_ADJ_ROOM_MAC, flags);
}
