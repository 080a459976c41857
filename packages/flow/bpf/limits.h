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

/* Whose bucket: a subscriber of IPv6 has a network of 64 bits at least, so its addresses have one. */
static __always_inline __u64 network_of(const struct packet *packet)
{
	if (packet->family == FAMILY_IPV4)
		return packet->source.words[3];
	return packet->source.words[0] | (__u64)packet->source.words[1] << 32;
}

static __always_inline __u64 owner_of(const struct packet *packet, __u32 listener)
{
	return listener | (__u64)packet->family << 32;
}

/* Of the eight places that it may be at, which differ in their lowest bits, the one where it is looked for first. Who does
 * not know the seed cannot tell which sources share their places. The finalizer of MurmurHash3, 64 bits. */
static __always_inline __u32 place_of_bucket(__u64 network, __u64 owner, __u32 seed)
{
	__u64 hash = network ^ (owner + seed) * 0x9e3779b97f4a7c15;

	hash ^= hash >> 33;
	hash *= 0xff51afd7ed558ccd;
	hash ^= hash >> 33;
	hash *= 0xc4ceb9fe1a85ec53;
	return hash >> (64 - BUCKETS_BITS);
}

static __always_inline int is_of(const struct bucket *bucket, __u64 network, __u64 owner)
{
	return bucket->network == network && bucket->owner == owner;
}

/* The place of a bucket that is not where it is looked for first. Whoever has none gets that of the one that is full again
 * before the others, as a rule one that already is, and means no more than one that is not there. */
__checked_once __u32 find_bucket(__u64 network, __u64 owner, __u32 first, __u64 now)
{
	__u32 nearest = first;
	__u64 least = ~0ull;

	for (__u32 way = 0; way < BUCKET_WAYS; way++) {
		__u32 place = first ^ way;
		struct bucket *bucket = bpf_map_lookup_elem(&buckets, &place);

		if (!bucket)
			return first;
		if (is_of(bucket, network, owner))
			return place;
		__u64 full = bucket->packets_due > bucket->flows_due ? bucket->packets_due : bucket->flows_due;

		if (full <= now)
			full = 0;
		if (full < least) {
			least = full;
			nearest = place;
		}
	}
	struct bucket *bucket = bpf_map_lookup_elem(&buckets, &nearest);

	if (!bucket)
		return first;
	bucket->owner = 0; /* whatever comes in between finds nothing half-written */
	barrier();
	bucket->network = network;
	bucket->packets_due = 0;
	bucket->flows_due = 0;
	barrier();
	bucket->owner = owner;
	return nearest;
}

/* 0, or the reason for which a packet is refused. */
static __always_inline __u32 exceeds_limits(const struct packet *packet, const struct listener *listener,
					    const struct limits *limits)
{
	if (!limits->packets.interval && !(packet->opens && limits->flows.interval))
		return 0;
	__u64 now = nanoseconds_now(), network = network_of(packet), owner = owner_of(packet, listener->number);
	__u32 place = place_of_bucket(network, owner, listener->hash_seed);
	struct bucket *bucket = bpf_map_lookup_elem(&buckets, &place);

	if (bucket && !is_of(bucket, network, owner)) {
		place = find_bucket(network, owner, place, now);
		bucket = bpf_map_lookup_elem(&buckets, &place);
	}
	if (!bucket)
		return 0;
	if (limits->packets.interval && !take(&bucket->packets_due, now, &limits->packets))
		return DROP_PACKET_RATE;
	if (packet->opens && limits->flows.interval && !take(&bucket->flows_due, now, &limits->flows))
		return DROP_FLOW_RATE;
	return 0;
}
