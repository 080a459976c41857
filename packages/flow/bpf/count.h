/* Counters are per CPU, so that counting takes no lock and no cache line of another core. */
#pragma once
#include "maps.h"
#include "packet.h"

static __always_inline void count_traffic(void *map, __u32 number, const struct packet *packet)
{
	struct traffic *traffic = bpf_map_lookup_elem(map, &number);

	if (!traffic)
		return;
	traffic->packets += 1;
	traffic->bytes += packet->bytes;
	traffic->flows += packet->opens;
}

static __always_inline void count_outcome(__u32 outcome)
{
	__u64 *count = bpf_map_lookup_elem(&outcomes, &outcome);

	if (count)
		*count += 1;
}

static __always_inline void count_drop(__u32 listener, __u32 reason)
{
	struct traffic *traffic = bpf_map_lookup_elem(&listener_traffic, &listener);

	if (traffic)
		traffic->drops += 1;
	count_outcome(reason);
}
