/* Time since the machine started, as of the last tick of its clock (1 to 10 ms ago): a fifth of the cost of the exact one. */
#pragma once
#include "system.h"

static __always_inline __u64 nanoseconds_now(void)
{
	return bpf_ktime_get_coarse_ns();
}

static __always_inline __u32 seconds_now(void)
{
	return (__u32)(nanoseconds_now() / 1000000000ull);
}
