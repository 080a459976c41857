/* How much one source may send to one listener: packets, and new connections. Token buckets in their form without
 * tokens (GCRA, ITU-T I.371): all that is kept is when the next one would be due if they came evenly. Two CPUs that count
 * at the same moment may let a packet too many through; a lock on every packet would cost more than that. */
#pragma once
#include "clock.h"
#include "send.h"

/* Whether one more may come at `now`; it counts if so. */
static __always_inline int take(__u64 *due, __u64 now, const struct rate *rate)
{
	__u64 at = *due > now ? *due : now;

	if (at - now > rate->tolerance)
		return 0;
	*due = at + rate->interval;
	return 1;
}

/* A subscriber of IPv6 has a network of 64 bits at least, so its addresses have one bucket. */
static __always_inline void name_client(struct client *client, const struct packet *packet, __u32 listener)
{
	client->listener = listener;
	client->address = packet->source;
	if (packet->family == FAMILY_IPV6) {
		client->address.words[2] = 0;
		client->address.words[3] = 0;
	}
}

/* 0, or the reason for which a packet is refused. Whoever is not in `buckets`, or had to make room there, begins with a
 * full one. */
static __always_inline __u32 exceeds_limits(const struct packet *packet, __u32 listener, const struct limits *limits)
{
	struct client client = {};

	if (!limits->packets.interval && !(packet->opens && limits->flows.interval))
		return 0;
	__u64 now = nanoseconds_now();

	name_client(&client, packet, listener);
	struct bucket *bucket = bpf_map_lookup_elem(&buckets, &client);

	if (!bucket) {
		struct bucket full = {
			.packets_due = now + limits->packets.interval,
			.flows_due = packet->opens ? now + limits->flows.interval : now,
		};
		bpf_map_update_elem(&buckets, &client, &full, BPF_ANY);
		return 0;
	}
	if (limits->packets.interval && !take(&bucket->packets_due, now, &limits->packets))
		return DROP_PACKET_RATE;
	if (packet->opens && limits->flows.interval && !take(&bucket->flows_due, now, &limits->flows))
		return DROP_FLOW_RATE;
	return 0;
}
