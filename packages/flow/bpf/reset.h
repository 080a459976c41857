/* The end of a connection whose target is dead, so that the client learns at once what it would learn from a timeout
 * (RFC 9293, section 3.10.7.1: the sequence number is the one that the client waits for). */
#pragma once
#include "answer.h"

struct reset4 {
	struct iphdr ip;
	struct tcphdr tcp;
};

struct reset6 {
	struct ipv6hdr ip;
	struct tcphdr tcp;
};

static __always_inline void head_reset(struct tcphdr *reset, const struct packet *packet, __be32 sequence)
{
	reset->source = packet->destination_port;
	reset->dest = packet->source_port;
	reset->seq = sequence;
	reset->doff = sizeof(*reset) / 4;
	reset->rst = 1;
}

/* For a TCP packet that is neither SYN nor RST, so has an acknowledgement. */
__checked_once int reset_flow(CONTEXT *context, const struct packet *packet)
{
	if (!packet)
		return VERDICT_DROP;
	struct tcphdr *tcp = frame_start(context) + transport_offset(packet);

	if ((void *)(tcp + 1) > frame_end(context))
		return VERDICT_DROP;
	__u64 pseudo = pseudo_sum(packet, IPPROTO_TCP, sizeof(*tcp));
	/* A device that still has to add up the segment begins with what is in its place. */
	int unfinished = is_checksum_unfinished(context, transport_offset(packet) + offsetof(struct tcphdr, check));

	tcp = frame_start(context) + transport_offset(packet);
	if ((void *)(tcp + 1) > frame_end(context))
		return VERDICT_DROP;
	count_outcome(OUTCOME_RESET);
	if (packet->family == FAMILY_IPV4) {
		struct reset4 answer = {};

		head_answer4(&answer.ip, packet, IPPROTO_TCP, sizeof(answer));
		head_reset(&answer.tcp, packet, tcp->ack_seq);
		answer.tcp.check = unfinished ? fold(pseudo) : ~fold(sum_of(&answer.tcp, sizeof(answer.tcp), pseudo));
		return send_answer(context, packet, &answer, sizeof(answer));
	}
	struct reset6 answer = {};

	head_answer6(&answer.ip, packet, IPPROTO_TCP, sizeof(answer));
	head_reset(&answer.tcp, packet, tcp->ack_seq);
	answer.tcp.check = unfinished ? fold(pseudo) : ~fold(sum_of(&answer.tcp, sizeof(answer.tcp), pseudo));
	return send_answer(context, packet, &answer, sizeof(answer));
}
