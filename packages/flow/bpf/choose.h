/* Which target a packet goes to. Where a slot has named the same target for long enough, that is the answer, and
 * nothing is remembered. Only flows in changed slots are written down, and looked up as long as any are left. */
#pragma once
#include "clock.h"
#include "count.h"
#include "hash.h"
#include "visit.h"

static __always_inline __u32 lifetime(__u8 state, const struct listener *listener)
{
	switch (state) {
	case FLOW_OPENING:
		return OPENING_SECONDS;
	case FLOW_CLOSING:
		return CLOSING_SECONDS;
	default:
		return listener->idle_seconds;
	}
}

static __always_inline __u8 next_state(__u8 state, const struct packet *packet)
{
	if (packet->ends || state == FLOW_CLOSING)
		return FLOW_CLOSING;
	return packet->opens ? FLOW_OPENING : FLOW_ESTABLISHED;
}

/* A target that is gone loses its flows, unless they are to be reset: those stay with it for that. */
static __always_inline int keeps(__u32 number, const struct packet *packet)
{
	struct target *target = bpf_map_lookup_elem(&targets, &number);

	if (number == NOBODY || !target)
		return 0;
	if (!(target->flags & TARGET_GONE))
		return 1;
	return target->flags & TARGET_RESETS && packet->protocol == IPPROTO_TCP && !packet->opens;
}

__checked_once int tell_others(const struct flow *flow, __u16 target)
{
	if (!flow)
		return 0;
	struct news told = { .flow = *flow, .target = target };

	bpf_map_push_elem(&news, &told, BPF_EXIST);
	return 0;
}

/* For the other nodes of the zone, where any are. */
static __always_inline void tell(const struct flow *flow, __u16 target)
{
	if (is_in_use(GUARD_NEWS))
		tell_others(flow, target);
}

/* A SYN begins a flow at the current target, anything else belongs to a flow that is older than the change and stays
 * with the previous one. (So do new UDP flows, which look no different, until the table has settled.) From its first
 * packet on the flow is remembered. `remember` is 0 for packets about a flow that are not of it. */
static __always_inline __u32 choose_in_changed_slot(const struct packet *packet, const struct listener *listener,
						    __u32 current, __u32 previous, int remember)
{
	struct flow key = {
		.client = packet->source,
		.vip = packet->destination,
		.client_port = packet->source_port,
		.vip_port = packet->destination_port,
		.protocol = packet->protocol,
	};
	struct exception *known = bpf_map_lookup_elem(&exceptions, &key);
	__u32 now = seconds_now();

	if (known && seconds_since(known->seen, now) <= lifetime(known->state, listener) && keeps(known->target, packet)) {
		/* A SYN on the ports of an older connection is a new one; in a handshake it is a retransmission. */
		if (!packet->opens || known->state == FLOW_OPENING) {
			__u8 state = next_state(known->state, packet);

			if (remember && (known->seen != now || known->state != state)) {
				known->seen = now;
				known->state = state;
			}
			if (listener->persistence && remember && (packet->ends || packet->protocol == IPPROTO_UDP))
				stays(packet, listener, known->target);
			return known->target;
		}
	}
	__u32 chosen = !packet->opens && keeps(previous, packet) ? previous : current;

	if (listener->persistence) {
		if (packet->opens || packet->protocol == IPPROTO_UDP)
			chosen = visited(packet, listener, chosen, remember);
		else if (packet->ends && remember)
			stays(packet, listener, chosen);
	}
	struct exception entry = {
		.target = chosen,
		.state = next_state(packet->opens ? FLOW_OPENING : FLOW_ESTABLISHED, packet),
		.seen = now,
	};
	/* Where both tables agree, there is nothing to write down, but what was there may be of an older flow. */
	if (remember && (current != previous || chosen != current || known)) {
		bpf_map_update_elem(&exceptions, &key, &entry, BPF_ANY);
		tell(&key, entry.target);
	}
	return entry.target;
}

/* The number of a target, or NOBODY with the reason in `reason`. Sets packet->hash. */
static __always_inline __u32 choose(struct packet *packet, const struct listener *listener, int remember, __u32 *reason)
{
	__u32 first = 0, service = listener->service;
	void *slot_table = bpf_map_lookup_elem(&tables, &service);
	struct table *table = slot_table ? bpf_map_lookup_elem(slot_table, &first) : 0;

	if (!table) {
		*reason = DROP_NO_TABLE;
		return NOBODY;
	}
	packet->hash = hash_flow(packet, listener->hash_seed);
	__u32 chosen_by = listener->affinity == AFFINITY_SOURCE ? hash_source(packet, listener->hash_seed) : packet->hash;
	/* The hash as a fraction of all slots: a multiplication where a remainder would be a division. */
	__u64 slot = (__u64)chosen_by * SLOTS >> 32;

	barrier_var(slot); /* else clang knows what the verifier does not: that it is less than SLOTS */
	if (slot >= SLOTS)
		return NOBODY;
	__u32 pair = table->slots[slot];
	__u32 current = pair & SLOT_TARGET, previous = pair >> 16 & SLOT_TARGET;

	*reason = DROP_NO_TARGET;
	if (__builtin_expect(!(pair & SLOT_REMEMBERS) && !listener->persistence, 1))
		return current;
	return choose_in_changed_slot(packet, listener, current, previous, remember);
}
