/* Sources that may not, before anything is spent on them: those that are denied, by address or by network, and are not
 * allowed by either. Exact addresses are in a hash, which costs a fraction of the trie. */
#pragma once
#include "clock.h"
#include "listener.h"
#include "maps.h"
#include "packet.h"

static __always_inline int is_denied(const struct packet *packet)
{
	__u32 first = 0, *in_use = bpf_map_lookup_elem(&guards, &first);
	struct source_rule *rule;
	int denied = 0;

	if (!in_use || !(*in_use & (GUARD_ADDRESSES | GUARD_NETWORKS)))
		return 0;
	if (*in_use & GUARD_ADDRESSES) {
		rule = bpf_map_lookup_elem(&sources, &packet->source);
		if (rule) {
			__u32 now = seconds_now();

			if (rule->allowed_until > now)
				return 0;
			denied = rule->denied_until > now;
			/* The trie could only say the same. */
			if (denied && !(*in_use & GUARD_ALLOWED_NETWORKS))
				return 1;
		}
	}
	if (!(*in_use & GUARD_NETWORKS))
		return denied;
	struct network whole = { .prefix_length = 8 * sizeof(struct address), .address = packet->source };

	rule = bpf_map_lookup_elem(&source_networks, &whole);
	if (!rule)
		return denied;
	__u32 now = seconds_now();

	if (rule->allowed_until > now)
		return 0;
	return denied || rule->denied_until > now;
}

/* Only what a listener would take is refused, and at VIPs echo and what cannot be balanced. Who may reach this host otherwise
 * is not decided here, its other ports at an address that is a VIP included. */
static __always_inline int would_be_taken(const struct packet *packet, int parsed)
{
	if (parsed == OUTCOME_NOT_OURS)
		return 0;
	if (parsed != PARSED || packet->protocol == IPPROTO_ICMP || packet->protocol == IPPROTO_ICMPV6)
		return is_vip(&packet->destination);
	struct listener *listener = find_listener(packet);

	return listener && !(listener->flags & LISTENER_IS_NODE);
}
