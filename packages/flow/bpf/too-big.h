/* A packet that does not fit the way to its target any more once it has the outer headers of a tunnel: the client is told
 * what would fit (RFC 1191, RFC 8201), which is all that keeps large uploads going where every link has the same MTU. */
#pragma once
#include "answer.h"
#include "icmp-message.h"

static __always_inline void head_error(struct icmp_head *icmp, __u8 type, __u8 code, __u32 mtu)
{
	icmp->type = type;
	icmp->code = code;
	icmp->rest = bpf_htonl(mtu); /* the lower half, for IPv4; the upper one is unused */
}

/* Word by word: read at once, they would not fit into registers, and take as much stack again. */
static __always_inline void quote(void *to, const void *packet, __u32 bytes)
{
#pragma unroll
	for (__u32 i = 0; i < bytes / sizeof(__u16); i++)
		((volatile __u16 *)to)[i] = ((const volatile __u16 *)packet)[i];
}

/* An error about the packet that begins at `at` of the frame, to the source of `packet` and from its destination. */
static __always_inline int fill_too_big4(CONTEXT *context, struct error4 *error, const struct packet *packet, __u32 at,
					 __u32 mtu)
{
	void *about = frame_start(context) + at;

	if (about + sizeof(struct quote4) > frame_end(context))
		return -1;
	quote(&error->about, about, sizeof(struct quote4));
	head_answer4(&error->ip, packet, IPPROTO_ICMP, sizeof(*error));
	head_error(&error->icmp, ICMP4_UNREACHABLE, ICMP4_TOO_BIG, mtu);
	error->icmp.check = ~fold(sum_of(&error->icmp, sizeof(*error) - sizeof(error->ip), 0));
	return 0;
}

static __always_inline int fill_too_big6(CONTEXT *context, struct error6 *error, const struct packet *packet, __u32 at,
					 __u32 mtu)
{
	void *about = frame_start(context) + at;

	if (about + sizeof(struct quote6) > frame_end(context))
		return -1;
	quote(&error->about, about, sizeof(struct quote6));
	head_answer6(&error->ip, packet, IPPROTO_ICMPV6, sizeof(*error));
	head_error(&error->icmp, ICMP6_TOO_BIG, 0, mtu);
	__u64 pseudo = pseudo_sum(packet, IPPROTO_ICMPV6, sizeof(*error) - sizeof(error->ip));

	error->icmp.check = ~fold(sum_of(&error->icmp, sizeof(*error) - sizeof(error->ip), pseudo));
	return 0;
}

__checked_once int answer_too_big4(CONTEXT *context, const struct packet *packet, __u32 mtu)
{
	struct error4 answer = {};

	if (!packet || fill_too_big4(context, &answer, packet, OFFSET_IP, mtu))
		return VERDICT_DROP;
	return send_answer(context, packet, &answer, sizeof(answer));
}

__checked_once int answer_too_big6(CONTEXT *context, const struct packet *packet, __u32 mtu)
{
	struct error6 answer = {};

	if (!packet || fill_too_big6(context, &answer, packet, OFFSET_IP, mtu))
		return VERDICT_DROP;
	return send_answer(context, packet, &answer, sizeof(answer));
}

/* To whoever has sent the packet, a client or a target. */
static __always_inline int answer_too_big_from(CONTEXT *context, const struct packet *packet, __u32 listener,
					       __u32 target, __u32 mtu)
{
	count_drop(listener, target, DROP_TOO_BIG);
	if (packet->family == FAMILY_IPV4)
		return answer_too_big4(context, packet, mtu);
	return answer_too_big6(context, packet, mtu);
}

static __always_inline int answer_too_big(CONTEXT *context, const struct packet *packet, __u32 listener, __u32 mtu)
{
	return answer_too_big_from(context, packet, listener, packet->target, mtu);
}
