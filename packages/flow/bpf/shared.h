/* NAT with the client's address where an endpoint of a target serves several listeners: an answer does not say which of them
 * it belongs to, so that is written down for each flow. Others pay nothing for it. */
#pragma once
#include "choose.h"

/* The flow between a client and an endpoint of a target, as `shared` has it. */
static __always_inline void name_shared(struct flow *key, const struct address *client, __be16 client_port,
					const struct address *target, __be16 target_port, __u8 protocol)
{
	key->client = *client;
	key->vip = *target;
	key->client_port = client_port;
	key->vip_port = target_port;
	key->protocol = protocol;
}

/* Says that answers to this flow are the listener's. -1: the same client has a flow from the same port to the same endpoint
 * by way of another listener, which has not ended; both cannot be. */
__checked_once int share(const struct packet *packet, const struct listener *listener, const struct target *target)
{
	struct flow key = {};
	__u32 now = seconds_now();

	if (!packet || !listener || !target)
		return -1;
	name_shared(&key, &packet->source, packet->source_port, &target->address,
		    target->port ? target->port : packet->destination_port, packet->protocol);
	struct shared *known = bpf_map_lookup_elem(&shared, &key);

	if (known && known->vip_port == packet->destination_port && is_same(&known->vip, &packet->destination) &&
	    known->listener == listener->number) {
		__u8 state = packet->opens ? FLOW_OPENING : next_state(known->state, packet);

		if (known->seen != now || known->state != state) {
			known->seen = now;
			known->state = state;
			known->target = packet->target;
		}
		return 0;
	}
	if (known && known->state != FLOW_CLOSING && seconds_since(known->seen, now) <= known->idle_seconds)
		return -1;
	struct shared new = {
		.vip = packet->destination,
		.vip_port = packet->destination_port,
		.state = packet->opens ? FLOW_OPENING : FLOW_ESTABLISHED,
		.listener = listener->number,
		.idle_seconds = listener->idle_seconds,
		.seen = now,
		.target = packet->target,
	};

	return bpf_map_update_elem(&shared, &key, &new, BPF_ANY) ? -1 : 0;
}
