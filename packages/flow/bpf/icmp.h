/* ICMP to a VIP: echo is answered here, errors go to the target whose packet they are about (RFC 792, RFC 4443), so that
 * path MTU discovery works behind the balancer. */
#pragma once
#include "choose.h"
#include "forward.h"
#include "icmp-message.h"

/* The type changes the checksum of ICMP, and nothing else does. */
static __always_inline int answer_echo(CONTEXT *context, const struct packet *packet)
{
	struct icmp_head *icmp = frame_start(context) + transport_offset(packet);
	int ipv4 = packet->family == FAMILY_IPV4;

	if ((void *)(icmp + 1) > frame_end(context))
		return VERDICT_DROP;
	__u16 before = bpf_htons((ipv4 ? ICMP4_ECHO : ICMP6_ECHO) << 8);
	__u8 reply = ipv4 ? ICMP4_ECHO_REPLY : ICMP6_ECHO_REPLY;

	apply_change(&icmp->check, change16(before, bpf_htons((__u16)reply << 8)));
	icmp->type = reply;
	if (swap_addresses(context, packet))
		return VERDICT_DROP;
	count_outcome(OUTCOME_ECHO);
	return send_back(context);
}

/* What the error is about, seen as the packet of the client that it would belong to. */
static __always_inline int read_error(CONTEXT *context, const struct packet *packet, struct packet *flow)
{
	void *data = frame_start(context), *end = frame_end(context);

	flow->is_quoted = 1;
	flow->family = packet->family;
	flow->bytes = packet->bytes;
	flow->ip_bytes = packet->ip_bytes;
	flow->hop_limit = packet->hop_limit;
	if (packet->family == FAMILY_IPV4) {
		struct error4 *error = data + OFFSET_IP;

		if ((void *)(error + 1) > end)
			return DROP_MALFORMED;
		if (error->about.ip.ihl != sizeof(error->about.ip) / 4)
			return DROP_EXTENSIONS;
		flow->protocol = error->about.ip.protocol;
		map_ipv4(&flow->source, error->about.ip.daddr);
		map_ipv4(&flow->destination, error->about.ip.saddr);
		flow->source_port = error->about.ports[1];
		flow->destination_port = error->about.ports[0];
	} else {
		struct error6 *error = data + OFFSET_IP;

		if ((void *)(error + 1) > end)
			return DROP_MALFORMED;
		flow->protocol = error->about.ip.nexthdr;
		__builtin_memcpy(&flow->source, &error->about.ip.daddr, sizeof(flow->source));
		__builtin_memcpy(&flow->destination, &error->about.ip.saddr, sizeof(flow->destination));
		flow->source_port = error->about.ports[1];
		flow->destination_port = error->about.ports[0];
	}
	if (flow->protocol != IPPROTO_TCP && flow->protocol != IPPROTO_UDP)
		return DROP_MALFORMED;
	return PARSED;
}

/* NAT: the target sent its packet under its own address, and must find that in the error. The checksum of the inner
 * IPv4 header makes up for the inner address; the inner transport checksum stays, nobody can verify a part. */
static __always_inline int translate_error(CONTEXT *context, const struct packet *packet, const struct packet *flow,
					   const struct target *target)
{
	void *data = frame_start(context), *end = frame_end(context);
	__be16 port = target->port ? target->port : flow->destination_port;
	__u64 change = change_address(&packet->destination, &target->address);
	__u64 port_change = change16(flow->destination_port, port);

	if (packet->family == FAMILY_IPV4) {
		struct error4 *error = data + OFFSET_IP;

		if ((void *)(error + 1) > end)
			return -1;
		error->ip.daddr = target->address.words[3];
		apply_change(&error->ip.check, change);
		error->about.ip.saddr = target->address.words[3];
		apply_change(&error->about.ip.check, change);
		error->about.ports[0] = port;
		apply_change(&error->icmp.check, port_change);
	} else {
		struct error6 *error = data + OFFSET_IP;

		if ((void *)(error + 1) > end)
			return -1;
		__builtin_memcpy(&error->ip.daddr, &target->address, sizeof(error->ip.daddr));
		__builtin_memcpy(&error->about.ip.saddr, &target->address, sizeof(error->about.ip.saddr));
		error->about.ports[0] = port;
		/* Twice: in the pseudo header (RFC 4443, section 2.3) and in the message. */
		apply_change(&error->icmp.check, change + change + port_change);
	}
	return 0;
}

static __always_inline int steer_error(CONTEXT *context, const struct packet *packet)
{
	struct packet flow = {};
	__u32 reason = DROP_NO_TARGET;
	int read = read_error(context, packet, &flow);

	if (read != PARSED)
		return not_parsed(packet, read);
	struct listener *listener = find_listener(&flow);

	/* About a port that nobody listens on: the VIP may be an address of this host, and it may have asked. */
	if (!listener || listener->flags & LISTENER_IS_NODE)
		return not_parsed(packet, OUTCOME_NOT_OURS);
	__u32 number = choose(&flow, listener, 0, &reason);
	struct target *target = bpf_map_lookup_elem(&targets, &number);

	if (number == NOBODY || !target)
		return drop(listener->number, reason);
	flow.target = number;
	count_outcome(OUTCOME_ICMP_STEERED);
	if (listener->mode != MODE_NAT)
		return forward(context, &flow, listener);
	if (is_ipv4(&target->address) != (packet->family == FAMILY_IPV4))
		return drop(listener->number, DROP_NO_TARGET);
	if (translate_error(context, packet, &flow, target))
		return drop(listener->number, DROP_MALFORMED);
	/* Errors are rare: the kernel may route them. */
	return VERDICT_KERNEL;
}

static __always_inline int handle_icmp(CONTEXT *context, const struct packet *packet)
{
	struct icmp_head *icmp = frame_start(context) + transport_offset(packet);

	if ((void *)(icmp + 1) > frame_end(context))
		return not_parsed(packet, DROP_MALFORMED);
	if (!is_vip(&packet->destination))
		return not_parsed(packet, OUTCOME_NOT_OURS);
	__u8 type = icmp->type;

	if (packet->family == FAMILY_IPV4) {
		if (type == ICMP4_ECHO && icmp->code == 0)
			return answer_echo(context, packet);
		if (type == ICMP4_UNREACHABLE || type == ICMP4_TIME_EXCEEDED || type == ICMP4_PARAMETER)
			return steer_error(context, packet);
	} else {
		if (type == ICMP6_ECHO && icmp->code == 0)
			return answer_echo(context, packet);
		if (type >= ICMP6_UNREACHABLE && type <= ICMP6_PARAMETER)
			return steer_error(context, packet);
	}
	return not_parsed(packet, OUTCOME_NOT_OURS);
}
