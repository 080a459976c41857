/* How a packet gets to its target: with addresses translated, as it is to another MAC, or inside another packet. */
#pragma once
#include "nat.h"
#include "reset.h"
#include "source-nat.h"
#include "tunnel.h"

/* The target has the VIP itself, and answers the client directly. */
static __always_inline int forward_by_l2(CONTEXT *context, const struct target *target, __u32 listener)
{
	struct ethhdr *ethernet = frame_start(context);

	if (!target->device)
		return drop(listener, DROP_NO_NEXT_HOP);
	if ((void *)(ethernet + 1) > frame_end(context))
		return drop(listener, DROP_MALFORMED);
	set_next_hop(ethernet, target);
	return send_to(context, target->device);
}

static __always_inline int forward(CONTEXT *context, const struct packet *packet, const struct listener *listener,
				   __u32 number)
{
	struct target *target = bpf_map_lookup_elem(&targets, &number);

	if (!target)
		return drop(listener->number, DROP_NO_TARGET);
	if (target->flags & TARGET_GONE) {
		if (target->flags & TARGET_RESETS && packet->acknowledges)
			return reset_flow(context, packet);
		return drop(listener->number, DROP_NO_TARGET);
	}
	count_traffic(&listener_traffic, listener->number, packet);
	count_traffic(&target_traffic, number, packet);
	switch (listener->mode) {
	case MODE_L2:
		return forward_by_l2(context, target, listener->number);
	case MODE_IPIP:
		return forward_by_tunnel(context, packet, target, listener->number, 0);
	case MODE_GUE:
		return forward_by_tunnel(context, packet, target, listener->number, 1);
	default:
		if (listener->flags & LISTENER_HIDES_CLIENTS)
			return forward_by_source_nat(context, packet, target, listener);
		return forward_by_nat(context, packet, target, listener->number);
	}
}
