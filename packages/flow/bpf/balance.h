/* The way of a packet. Included by the two entry points, which bring the functions of attach-xdp.h or attach-tcx.h. */
#pragma once
#include "choose.h"
#include "forward.h"
#include "guard.h"
#include "icmp.h"
#include "listener.h"

static __always_inline int balance(CONTEXT *context)
{
	struct packet packet = { .bytes = frame_bytes(context) };
	__u32 reason = DROP_NO_TARGET;

	if (!is_for_this_host(context) || !begin(context))
		return VERDICT_NOT_OURS;
	int parsed = parse(&packet, frame_start(context), frame_end(context));

	if (packet.family != FAMILY_NONE && is_denied(&packet)) {
		count_outcome(DROP_DENIED);
		return VERDICT_DROP;
	}
	if (parsed != PARSED)
		return not_parsed(&packet, parsed);
	if (packet.protocol == IPPROTO_ICMP || packet.protocol == IPPROTO_ICMPV6)
		return handle_icmp(context, &packet);
	struct listener *listener = find_listener(&packet);

	if (!listener)
		return return_to_client(context, &packet);
	__u32 number = choose(&packet, listener, 1, &reason);

	if (number == NOBODY)
		return drop(listener->number, reason);
	return forward(context, &packet, listener, number);
}
