/* Internet checksums, changed by what changed (RFC 1624). Sums are of 16-bit words as they lie in memory: one's
 * complement addition does not care about the byte order (RFC 1071, section 2). */
#pragma once
#include "structs.h"

static __always_inline __u16 fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)sum;
}

static __always_inline __u64 change16(__u16 before, __u16 after)
{
	return (__u64)(__u16)~before + after;
}

static __always_inline __u64 change32(__u32 before, __u32 after)
{
	return (__u64)(__u32)~before + after;
}

/* Words that are equal add up to "minus zero" and change nothing, as with the prefix of mapped IPv4 addresses. */
static __always_inline __u64 change_address(const struct address *before, const struct address *after)
{
	return change32(before->words[0], after->words[0]) + change32(before->words[1], after->words[1]) +
	       change32(before->words[2], after->words[2]) + change32(before->words[3], after->words[3]);
}

static __always_inline void apply_change(__u16 *check, __u64 change)
{
	*check = ~fold((__u64)(__u16)~*check + change);
}

/* Of UDP, 0 says that there is none (RFC 768), and a checksum that is 0 has another form. */
#define NO_CHECKSUM 0
#define CHECKSUM_OF_ZERO 0xffff

/* The whole checksum of a TCP or UDP packet. */
static __always_inline void change_whole_checksum(__u16 *check, __u64 change, int is_udp)
{
	if (is_udp && *check == NO_CHECKSUM)
		return;
	apply_change(check, change);
	if (is_udp && *check == NO_CHECKSUM)
		*check = CHECKSUM_OF_ZERO;
}
