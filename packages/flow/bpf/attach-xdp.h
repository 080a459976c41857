/* How a program at XDP reads, changes and sends frames. attach-tcx.h has the same names for tcx. */
#pragma once
#include "checksum.h"
#include "packet.h"

#define CONTEXT struct xdp_md
#define VERDICT_NOT_OURS XDP_PASS
/* The kernel goes on with what the frame is now: it routes it, resolves the next hop and checks the MTU. */
#define VERDICT_KERNEL XDP_PASS
#define VERDICT_DROP XDP_DROP

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
	return bpf_xdp_get_buff_len(context); /* with what lies in further pages */
}

/* Of those, as many as can be read directly. Frames longer than a page, and with some devices all, go on elsewhere; to ask
 * for that takes 8 ns. */
#define MAY_SAY_MORE(parsed, protocol) ((parsed) == DROP_MALFORMED)
static __always_inline __u32 readable_bytes(CONTEXT *context)
{
	return frame_end(context) - frame_start(context);
}

/* A device hands XDP the frames to its own address; those of other hosts only in promiscuous mode. */
static __always_inline int is_for_this_host(CONTEXT *context)
{
	return 1;
}

static __always_inline int begin(CONTEXT *context)
{
	return 1;
}

/* That it came in by. */
static __always_inline __u32 device_of(CONTEXT *context)
{
	return context->ingress_ifindex;
}

/* Out of the device that it came from. XDP_TX would save a queue, but silently loses frames on a veth whose peer has no
 * program. */
static __always_inline int send_back(CONTEXT *context)
{
	return bpf_redirect(device_of(context), 0);
}

static __always_inline int send_to(CONTEXT *context, __u32 device)
{
	return bpf_redirect(device, 0);
}

/* From here nothing goes past a device. */
#define HANDS_OVER 0
static __always_inline int hand_over(CONTEXT *context, __u32 device)
{
	return send_to(context, device);
}

/* Nothing here asks for a hardware address. */
#define ASKS_FOR_NEXT_HOPS 0
static __always_inline int send_asking(CONTEXT *context, __u32 device)
{
	return VERDICT_DROP;
}

/* `offset` of the checksum; the changes are those of checksum.h. Frames at XDP carry whole checksums: senders on veth
 * have to compute them (`ethtool -K DEVICE tx off`), or the kernel drops the frames on their way out. */
static __always_inline int change_transport_checksum(CONTEXT *context, __u32 offset, __u64 address_change,
						     __be16 port_before, __be16 port_after, int is_udp)
{
	__u16 *check = frame_start(context) + offset;

	if ((void *)(check + 1) > frame_end(context))
		return -1;
	change_whole_checksum(check, address_change + change16(port_before, port_after), is_udp);
	return 0;
}

/* The same for a change within the segment, of which the pseudo header does not know. */
static __always_inline int change_segment_checksum(CONTEXT *context, __u32 offset, __u64 change)
{
	__u16 *check = frame_start(context) + offset;

	if ((void *)(check + 1) > frame_end(context))
		return -1;
	apply_change(check, change);
	return 0;
}

static __always_inline int is_checksum_unfinished(CONTEXT *context, __u32 offset)
{
	return 0;
}

/* The frame becomes this short. */
static __always_inline int cut(CONTEXT *context, __u32 bytes)
{
	return bpf_xdp_adjust_tail(context, (int)bytes - (int)frame_bytes(context));
}

/* The kernel has not read it yet. */
static __always_inline int change_family(CONTEXT *context, __be16 ethernet_type)
{
	return 0;
}

/* Of the IP packet as it was, or will be, on the wire. */
static __always_inline __u32 segment_bytes(CONTEXT *context, const struct packet *packet)
{
	return packet->ip_bytes;
}

static __always_inline int is_marked(CONTEXT *context)
{
	return 0;
}

/* Not every driver takes frames from XDP, and those that do not lose them silently: the kernel routes. */
#define HAS_SHORT_WAY 0

/* `bytes` more between Ethernet header and IP header; what is in the first 14 bytes then is undefined. */
static __always_inline int make_room(CONTEXT *context, int bytes, int outer_ipv6, int udp)
{
	return bpf_xdp_adjust_head(context, -bytes);
}

/* `bytes` less between Ethernet header and an inner IP header of this version. The first 14 bytes are undefined then. */
static __always_inline int take_room(CONTEXT *context, __u32 bytes, int inner_version)
{
	return bpf_xdp_adjust_head(context, (int)bytes);
}
