/* Time since the machine started, as it was when a packet first came in this tick of the kernel's clock (1 to 10 ms). To ask
 * for it takes 16 ns; which tick it is can be read without a call. All CPUs have the same time. Within a tick none passes, so
 * a rate has to allow as much at once as it does in a tick (SHORTEST_BURST_SECONDS of limits.ts). */
#pragma once
#include "maps.h"

#define NANOSECONDS 1000000000ull

static __always_inline struct clock *read_clock(void)
{
	__u32 first = 0;
	__u64 tick = bpf_jiffies64();
	struct clock *clock = bpf_map_lookup_elem(&clocks, &first);

	if (!clock)
		return 0;
	if (__builtin_expect(clock->tick != tick, 0)) {
		__u64 now = bpf_ktime_get_ns();

		/* Another CPU may have been faster. */
		if (now > clock->nanoseconds) {
			clock->nanoseconds = now;
			clock->seconds = now / NANOSECONDS;
		}
		barrier();
		clock->tick = tick;
	}
	return clock;
}

static __always_inline __u64 nanoseconds_now(void)
{
	struct clock *clock = read_clock();

	return clock ? clock->nanoseconds : bpf_ktime_get_ns();
}

static __always_inline __u32 seconds_now(void)
{
	struct clock *clock = read_clock();

	return clock ? clock->seconds : bpf_ktime_get_ns() / NANOSECONDS;
}

/* Another CPU may have written `then` after we have read `now`. */
static __always_inline __u32 seconds_since(__u32 then, __u32 now)
{
	__s32 age = now - then;

	return age > 0 ? age : 0;
}
