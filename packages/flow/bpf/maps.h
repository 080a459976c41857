#pragma once
#include "structs.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_ENDPOINTS);
	__type(key, struct endpoint);
	__type(value, struct listener);
} listeners SEC(".maps");

/* Asked only where `listeners` has nothing; empty, it costs a null check. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, MAX_RANGE_PREFIXES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct range);
	__type(value, struct listener);
} listener_ranges SEC(".maps");

/* Addresses that are balanced, whatever the port: for echo, and for packets that show no port. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_LISTENERS);
	__type(key, struct address);
	__type(value, __u32);
} vips SEC(".maps");

/* Who is denied and allowed before anything else, by address. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_SOURCE_ADDRESSES);
	__uint(map_flags, BPF_F_NO_PREALLOC); /* as a rule there are few */
	__type(key, struct address);
	__type(value, struct source_rule);
} sources SEC(".maps");

/* The same by network. Only the longest prefix is found, so it says what all say that contain it. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, MAX_SOURCE_NETWORKS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct network);
	__type(value, struct source_rule);
} source_networks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1 << RECENT_SOURCES_BITS);
	__type(key, __u32);
	__type(value, struct recent_source);
} recent_sources SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1 << RECENT_LISTENERS_BITS);
	__type(key, __u32);
	__type(value, struct recent_listener);
} recent_listeners SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct clock);
} clocks SEC(".maps");

/* 0: they may; else why they may not, as gate.h has it. Every gate has an entry for the whole of both families. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, MAX_ADMISSIONS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct admission);
	__type(value, __u32);
} admissions SEC(".maps");

/* Until when, in seconds since the machine started. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, MAX_BLOCKED);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct blocked);
	__type(value, __u32);
} blocked SEC(".maps");

/* Read in the program itself, without a call, so that rules which nobody has cost nothing. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} guards SEC(".maps");

/* By the number of the listener, as `floods`. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_LISTENERS);
	__type(key, __u32);
	__type(value, struct limits);
} limits SEC(".maps");

/* A table of our own: a hash of the kernel takes several calls, and one whose least recently seen make room, whoever they
 * are, forgets sources that are at their limit because of others that ask once. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << BUCKETS_BITS);
	__type(key, __u32);
	__type(value, struct bucket);
} buckets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_LISTENERS);
	__type(key, __u32);
	__type(value, struct flood);
} floods SEC(".maps");

/* When a source last answered a challenge, in seconds since the machine started. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_VERIFIED);
	__type(key, struct address);
	__type(value, __u32);
} verified SEC(".maps");

/* A table is one value, so that user space writes it with one call and swaps it by one entry of `tables`. */
struct slot_table {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	/* By size: of types named inside another map, clang 14 writes down the names only. */
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct table));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, MAX_SERVICES);
	__type(key, __u32);
	__array(values, struct slot_table);
} tables SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_TARGETS);
	__type(key, __u32);
	__type(value, struct target);
} targets SEC(".maps");

/* NAT: endpoints of targets. One that serves two listeners cannot be here, see src/datapath. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_ENDPOINTS);
	__type(key, struct endpoint);
	__type(value, struct origin);
} origins SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_EXCEPTIONS);
	__type(key, struct flow);
	__type(value, struct exception);
} exceptions SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_SHARED);
	__type(key, struct flow);
	__type(value, struct shared);
} shared SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_VISITS);
	__type(key, struct visitor);
	__type(value, struct visit);
} visits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_BORROWERS);
	__type(key, struct borrowed);
	__type(value, struct borrower);
} borrowers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, MAX_NEWS);
	__type(value, struct news);
} news SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, MAX_LISTENERS);
	__type(key, __u32);
	__type(value, struct listener_traffic);
} listener_traffic SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, MAX_TARGETS);
	__type(key, __u32);
	__type(value, struct traffic);
} target_traffic SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, OUTCOMES);
	__type(key, __u32);
	__type(value, __u64);
} outcomes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, MAX_DROPS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct drop);
	__type(value, __u64);
} drops SEC(".maps");

/* By listener: one flow in so many is sampled, a power of 2; 0: none. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_LISTENERS);
	__type(key, __u32);
	__type(value, __u32);
} sampling SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_SAMPLES);
	__type(key, struct flow);
	__type(value, struct sample);
} samples SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_TALKERS);
	__type(key, struct flow);
	__type(value, struct talker);
} talkers SEC(".maps");

/* Of all listeners together. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct budgets);
} budgets SEC(".maps");

/* Numbers of devices whose other end is in another network namespace of this machine, where packets may be handed over; by
 * their last bits, because an array is read without a call. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CONTAINER_PLACES);
	__type(key, __u32);
	__type(value, __u32);
} containers SEC(".maps");

/* The bits of `guards`. */
static __always_inline __u32 all_in_use(void)
{
	__u32 first = 0, *in_use = bpf_map_lookup_elem(&guards, &first);

	return in_use ? *in_use : 0;
}

static __always_inline int is_in_use(__u32 guard)
{
	return (all_in_use() & guard) != 0;
}
