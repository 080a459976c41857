/* Who may open flows to a listener: block lists, security groups and allowed sources, resolved by user space so that the
 * longest prefix decides. Only the packet that opens a TCP flow is judged, so that one that is open costs nothing and goes on when
 * the rules change; UDP has no such packet, and each is judged. */
#pragma once
#include "clock.h"
#include "maps.h"
#include "packet.h"

enum admission_verdict { ADMITTED, REFUSED_BY_GROUP, REFUSED_BY_ALLOWED_SOURCES };

static __always_inline int is_blocked(const struct packet *packet, const struct listener *listener, __u32 in_use)
{
	if (!(in_use & GUARD_BLOCKED))
		return 0;
	struct blocked whole = {
		.prefix_length = 8 * (sizeof(struct blocked) - sizeof(whole.prefix_length)),
		.list = { listener->block_list[0], listener->block_list[1] },
		.address = packet->source,
	};
	__u32 *until = bpf_map_lookup_elem(&blocked, &whole);

	return until && *until > seconds_now();
}

/* 0, or the reason for which the source may not. */
static __always_inline __u32 is_refused(const struct packet *packet, const struct listener *listener, __u32 in_use)
{
	if (!packet->opens && packet->protocol != IPPROTO_UDP)
		return 0;
	if (is_blocked(packet, listener, in_use))
		return DROP_BLOCKED;
	if (!listener->gate)
		return 0;
	struct admission whole = {
		.prefix_length = 8 * (sizeof(struct admission) - sizeof(whole.prefix_length)),
		.gate = listener->gate,
		.address = packet->source,
	};
	__u32 *verdict = bpf_map_lookup_elem(&admissions, &whole);

	if (verdict && *verdict == ADMITTED)
		return 0;
	return verdict && *verdict == REFUSED_BY_ALLOWED_SOURCES ? DROP_ALLOWED_SOURCES : DROP_SECURITY_GROUP;
}
