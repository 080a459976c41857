/* Time since the machine started, as it was when a packet first came in this tick of the kernel's clock (1 to 10 ms). To ask
 * for it takes 16 ns; which tick it is can be read without a call. All CPUs have the same time. Within a tick none passes, so
 * a rate has to allow as much at once as it does in a tick (SHORTEST_BURST_SECONDS of limits.ts). */
#pragma once
#include "maps.h"

static __always_inline __u64 nanoseconds_now(void)
{
	__u32 first = 0;
	__u64 tick = bpf_jiffies64();
	struct clock *clock = bpf_map_lookup_elem(&clocks, &first);

	if (!clock)
		return bpf_ktime_get_ns();
	if (__builtin_expect(clock->tick != tick, 0)) {
		__u64 now = bpf_ktime_get_ns();

		/* Another CPU may have been faster. */
		if (now > clock->nanoseconds)
			clock->nanoseconds = now;
		barrier();
		clock->tick = tick;
	}
	return clock->nanoseconds;
}

static __always_inline __u32 seconds_now(void)
{
	return (__u32)(nanoseconds_now() / 1000000000ull);
}

/* Another CPU may have written `then` after we have read `now`. */
static __always_inline __u32 seconds_since(__u32 then, __u32 now)
{
	__s32 age = now - then;

	return age > 0 ? age : 0;
}
