/* How a packet gets to its target: with addresses translated, as it is to another MAC, or inside another packet. */
#pragma once
#include "nat.h"
#include "reset.h"
#include "source-nat.h"
#include "tunnel.h"
#include "watch.h"

/* The target has the VIP itself, and answers the client directly. */
static __always_inline int forward_by_l2(CONTEXT *context, const struct packet *packet, const struct target *target,
					 __u32 listener)
{
	struct ethhdr *ethernet = frame_start(context);

	if (!target->device)
		return drop_towards(packet, listener, DROP_NO_NEXT_HOP);
	if ((void *)(ethernet + 1) > frame_end(context))
		return drop_towards(packet, listener, DROP_MALFORMED);
	set_next_hop(ethernet, target);
	return send_to_device(context, target->device);
}

/* In a mode in which the target has the VIP itself. */
static __always_inline int forward_unchanged(CONTEXT *context, const struct packet *packet, const struct target *target,
					     const struct listener *listener)
{
	if (listener->mode == MODE_L2)
		return forward_by_l2(context, packet, target, listener->number);
	return forward_by_tunnel(context, packet, target, listener->number, listener->mode == MODE_GUE);
}

/* To packet->target. */
static __always_inline int forward(CONTEXT *context, const struct packet *packet, const struct listener *listener)
{
	__u32 number = packet->target;
	struct target *target = bpf_map_lookup_elem(&targets, &number);

	if (!target)
		return drop(listener->number, DROP_NO_TARGET);
	if (target->flags & TARGET_GONE) {
		if (target->flags & TARGET_RESETS && packet->acknowledges)
			return reset_flow(context, packet);
		return drop_towards(packet, listener->number, DROP_NO_TARGET);
	}
	watch(packet, listener);
	if (listener->mode != MODE_NAT)
		return forward_unchanged(context, packet, target, listener);
	if (listener->flags & LISTENER_HIDES_CLIENTS)
		return forward_by_source_nat(context, packet, target, listener);
	return forward_by_nat(context, packet, target, listener);
}
