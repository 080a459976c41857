/* What this CPU has lately looked up of sources and listeners: hashes and tries take several calls in the kernel each, which
 * is most of what a packet costs. An answer stands until user space changes anything that it could depend on, and so makes
 * another generation. A CPU handles one packet at a time, and none writes for another. */
#pragma once
#include "maps.h"
#include "packet.h"

/* Who sends can choose what falls into the same place, and so has others looked up anew; nothing else. */
static __always_inline __u64 mix(const struct address *address, __u32 more)
{
	const half *halves = (const half *)address;

	return halves[0] * 0x9e3779b185ebca87 + (halves[1] ^ more) * 0xc2b2ae3d27d4eb4f;
}

/* As entries have it in `known`. */
static __always_inline __u32 generation_of(__u32 in_use)
{
	return (in_use & GENERATION) | IS_KNOWN;
}

static __always_inline struct recent_source *recent_source_at(const struct address *address)
{
	__u32 place = mix(address, 0) >> (64 - RECENT_SOURCES_BITS);

	return bpf_map_lookup_elem(&recent_sources, &place);
}

/* Nothing is known of the source, or destination; whatever comes in between finds nothing half-written. */
static __always_inline void begin_anew(struct recent_source *recent, const struct address *address)
{
	recent->known = 0;
	recent->is_none = 0;
	barrier();
	recent->address = *address;
	barrier();
}

static __always_inline struct recent_listener *recent_listener_at(const struct packet *packet)
{
	__u32 place = mix(&packet->destination, packet->destination_port << 8 | packet->protocol) >>
		      (64 - RECENT_LISTENERS_BITS);

	return bpf_map_lookup_elem(&recent_listeners, &place);
}
