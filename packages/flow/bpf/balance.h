/* The way of a packet. Included by the two entry points, which bring the functions of attach-xdp.h or attach-tcx.h. */
#pragma once
#include "choose.h"
#include "flood.h"
#include "forward.h"
#include "gate.h"
#include "guard.h"
#include "icmp.h"
#include "listener.h"

/* What becomes of a packet that its listener does not want, or BALANCED_ON. */
static __always_inline int protect(CONTEXT *context, const struct packet *packet, const struct listener *listener)
{
	__u32 number = listener->number;
	struct limits *own = bpf_map_lookup_elem(&limits, &number);

	if (!own)
		return BALANCED_ON;
	__u32 reason = exceeds_limits(packet, listener, own);

	if (reason)
		return drop(number, reason);
	if (own->alarm_syns && (packet->opens || packet->ends) && is_flooded(packet, number, own))
		return meet_flood(context, packet, number);
	return BALANCED_ON;
}

/* As `parse`, of a frame of which more could be made readable, or that seems to be cut off. By itself, because hardly any
 * packet needs it. */
__checked_once int parse_whole(CONTEXT *context, struct packet *packet)
{
	if (!packet || !begin(context))
		return OUTCOME_NOT_OURS;
	packet->bytes = frame_bytes(context);
	return parse(packet, frame_start(context), frame_end(context));
}

static __always_inline int refuse_denied(void)
{
	/* A flood of it is to cost as little as can be: it counts for the node alone. */
	count_outcome(DROP_DENIED);
	return VERDICT_DROP;
}

/* Who is denied is refused what a listener would take, and at VIPs echo and what cannot be balanced, but for what neighbours
 * find each other by: without it nobody would get to the VIP, or to others on it. Who may reach this host
 * otherwise is not decided here, its other ports at an address that is a VIP included. */
static __always_inline int balance(CONTEXT *context)
{
	struct packet packet = { .bytes = readable_bytes(context) };
	__u32 reason = DROP_NO_TARGET, in_use = all_in_use();

	if (!is_for_this_host(context))
		return VERDICT_NOT_OURS;
	int parsed = parse(&packet, frame_start(context), frame_end(context));

	if (MAY_SAY_MORE(parsed, packet.protocol))
		parsed = parse_whole(context, &packet);
	if (parsed != PARSED || packet.protocol == IPPROTO_ICMP || packet.protocol == IPPROTO_ICMPV6) {
		if (parsed != OUTCOME_NOT_OURS && is_denied(&packet, in_use) && is_vip(&packet.destination) &&
		    !is_of_neighbours(context, &packet))
			return refuse_denied();
		return parsed == PARSED ? handle_icmp(context, &packet) : not_parsed(&packet, parsed);
	}
	struct listener *listener = 0;
	enum owner owner = find_owner(&packet, in_use, &listener);

	if (owner != OWNER_LISTENER || !listener) {
		int verdict = has_borrowers() ? return_to_borrower(context, &packet) : BALANCED_ON;

		if (verdict != BALANCED_ON)
			return verdict;
		/* What this node itself has asked a target is no answer to a client. */
		return owner == OWNER_NODE ? not_parsed(&packet, OUTCOME_NOT_OURS) : return_to_client(context, &packet);
	}
	if (is_denied(&packet, in_use))
		return refuse_denied();
	__u32 refused = is_refused(&packet, listener, in_use);

	if (refused)
		return drop(listener->number, refused);
	if (listener->flags & LISTENER_LIMITED) {
		int verdict = protect(context, &packet, listener);

		if (verdict != BALANCED_ON)
			return verdict;
	}
	__u32 number = choose(&packet, listener, 1, &reason);

	if (number == NOBODY)
		return drop(listener->number, reason);
	packet.target = number;
	return forward(context, &packet, listener);
}
