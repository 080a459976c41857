/* ICMP to a VIP: echo is answered here, errors go to the target whose packet they are about (RFC 792, RFC 4443), so that
 * path MTU discovery works behind the balancer. */
#pragma once
#include "choose.h"
#include "forward.h"
#include "icmp-message.h"
#include "tunnel-error.h"

/* The type changes the checksum of ICMP, and nothing else does. */
__checked_once int answer_echo(CONTEXT *context, const struct packet *packet)
{
	if (!packet)
		return VERDICT_NOT_OURS;
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
__checked_once int read_error(CONTEXT *context, const struct packet *packet, struct packet *flow)
{
	void *data = frame_start(context), *end = frame_end(context);

	if (!packet || !flow)
		return DROP_MALFORMED;
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
__checked_once int translate_error(CONTEXT *context, const struct packet *packet, const struct packet *flow,
				   const struct target *target)
{
	if (!packet || !flow || !target)
		return -1;
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

/* Everything that an error says of a flow, anew: from whom to whom it goes, and both ends of the packet that it is about,
 * `near` the one that sent it. The inner checksums of IPv4 make up for the inner addresses. */
struct retold {
	struct address from;
	struct address to;
	struct address near;
	struct address far;
	__be16 near_port;
	__be16 far_port;
};

__checked_once int retell_error(CONTEXT *context, const struct packet *packet, const struct packet *flow,
				const struct retold *told)
{
	void *data = frame_start(context), *end = frame_end(context);

	if (!packet || !flow || !told)
		return -1;
	/* `flow` is seen from the other side. */
	__u64 inner = change_address(&flow->destination, &told->near) + change_address(&flow->source, &told->far);
	__u64 outer = change_address(&packet->source, &told->from) + change_address(&packet->destination, &told->to);
	__u64 ports = change16(flow->destination_port, told->near_port) + change16(flow->source_port, told->far_port);

	if (packet->family == FAMILY_IPV4) {
		struct error4 *error = data + OFFSET_IP;

		if ((void *)(error + 1) > end)
			return -1;
		error->ip.saddr = told->from.words[3];
		error->ip.daddr = told->to.words[3];
		apply_change(&error->ip.check, outer);
		error->about.ip.saddr = told->near.words[3];
		error->about.ip.daddr = told->far.words[3];
		apply_change(&error->about.ip.check, inner);
		error->about.ports[0] = told->near_port;
		error->about.ports[1] = told->far_port;
		apply_change(&error->icmp.check, ports);
	} else {
		struct error6 *error = data + OFFSET_IP;

		if ((void *)(error + 1) > end)
			return -1;
		__builtin_memcpy(&error->ip.saddr, &told->from, sizeof(error->ip.saddr));
		__builtin_memcpy(&error->ip.daddr, &told->to, sizeof(error->ip.daddr));
		__builtin_memcpy(&error->about.ip.saddr, &told->near, sizeof(error->about.ip.saddr));
		__builtin_memcpy(&error->about.ip.daddr, &told->far, sizeof(error->about.ip.daddr));
		error->about.ports[0] = told->near_port;
		error->about.ports[1] = told->far_port;
		apply_change(&error->icmp.check, outer + inner + ports);
	}
	return 0;
}

/* A target, or a router before it, says what became of a packet of a client: it goes to the client, about the packet as the
 * client has sent it. What the target says itself comes from the VIP; routers have addresses of their own. */
__checked_once int return_error(CONTEXT *context, const struct packet *packet)
{
	struct packet flow = {};

	if (!packet)
		return VERDICT_NOT_OURS;
	if (read_error(context, packet, &flow) != PARSED)
		return not_parsed(packet, OUTCOME_NOT_OURS);
	struct retold told = { .near = flow.destination, .near_port = flow.destination_port };

	if (has_borrowers()) {
		struct borrowed key = {
			.target = flow.source,
			.node = flow.destination,
			.target_port = flow.source_port,
			.node_port = flow.destination_port,
			.protocol = flow.protocol,
		};
		struct borrower *borrower = bpf_map_lookup_elem(&borrowers, &key);

		if (borrower) {
			told.near = borrower->client;
			told.near_port = borrower->client_port;
			told.far = borrower->vip;
			told.far_port = borrower->vip_port;
		}
	}
	if (!told.far_port) {
		struct listener *own = find_listener_at(&flow.destination, flow.destination_port, flow.protocol);
		struct face face = {};

		/* This node asked itself. */
		if ((own && own->flags & LISTENER_IS_NODE) || !find_face(&face, &flow))
			return not_parsed(packet, OUTCOME_NOT_OURS);
		told.far = face.vip;
		told.far_port = face.port;
	}
	told.to = told.near;
	told.from = is_same(&packet->source, &flow.source) ? told.far : packet->source;
	if (retell_error(context, packet, &flow, &told))
		return VERDICT_DROP;
	count_outcome(OUTCOME_ICMP_RETURNED);
	return error_goes_on(context, packet->family);
}

/* The target knows the client as a port of this node, and routers on the way to the client not at all. */
__checked_once int steer_to_borrower(CONTEXT *context, const struct packet *packet, const struct packet *flow,
				     const struct listener *listener, const struct target *target)
{
	if (!packet || !flow || !listener || !target)
		return VERDICT_DROP;
	if (!has_way(target))
		return drop_towards(flow, listener->number, DROP_NO_NEXT_HOP);
	__be16 port = target->port ? target->port : flow->destination_port;
	struct borrowed key = {
		.target = target->address,
		.node = target->tunnel_source,
		.target_port = port,
		.protocol = flow->protocol,
	};
	__be16 own = find_borrowed(flow, &key);

	if (!own)
		return drop(listener->number, DROP_NO_PORT);
	struct retold told = {
		.from = target->tunnel_source,
		.to = target->address,
		.near = target->address,
		.far = target->tunnel_source,
		.near_port = port,
		.far_port = own,
	};

	if (retell_error(context, packet, flow, &told))
		return drop(listener->number, DROP_MALFORMED);
	struct ethhdr *ethernet = frame_start(context);

	if ((void *)(ethernet + 1) > frame_end(context))
		return drop(listener->number, DROP_MALFORMED);
	set_next_hop(ethernet, target);
	/* Errors are rare: one for a container may go by its device. To ask for that would be a frame on the stack too many. */
	return target->flags & TARGET_UNRESOLVED ? send_asking(context, target->device) : send_to(context, target->device);
}

/* As `choose`, for what an error is about. */
__checked_once __u32 choose_quoted(struct packet *flow, const struct listener *listener, __u32 *reason)
{
	return flow && listener && reason ? choose(flow, listener, 0, reason) : NOBODY;
}

__checked_once int steer_error(CONTEXT *context, const struct packet *packet)
{
	struct packet flow = {};
	__u32 reason = DROP_NO_TARGET;

	if (!packet)
		return VERDICT_DROP;
	int read = read_error(context, packet, &flow);

	if (read != PARSED)
		return not_parsed(packet, read);
	struct listener *listener = find_listener(&flow);

	/* About a port that nobody listens on: the VIP may be an address of this host, and it may have asked. */
	if (!listener || listener->flags & LISTENER_IS_NODE)
		return not_parsed(packet, OUTCOME_NOT_OURS);
	__u32 number = choose_quoted(&flow, listener, &reason);
	struct target *target = bpf_map_lookup_elem(&targets, &number);

	if (number == NOBODY || !target)
		return drop(listener->number, reason);
	flow.target = number;
	count_outcome(OUTCOME_ICMP_STEERED);
	if (listener->mode != MODE_NAT && target->flags & TARGET_GONE)
		return drop_towards(&flow, listener->number, DROP_NO_TARGET);
	if (listener->mode != MODE_NAT)
		return forward_unchanged(context, &flow, target, listener);
	if (is_ipv4(&target->address) != (packet->family == FAMILY_IPV4))
		return drop(listener->number, DROP_NO_TARGET);
	if (listener->flags & LISTENER_HIDES_CLIENTS)
		return steer_to_borrower(context, packet, &flow, listener, target);
	if (translate_error(context, packet, &flow, target))
		return drop(listener->number, DROP_MALFORMED);
	/* Errors are rare: the kernel may route them. */
	return VERDICT_KERNEL;
}

/* What keeps neighbours known to each other; no router has sent it on (RFC 4861, section 7.1). */
static __always_inline int is_of_neighbours(CONTEXT *context, const struct packet *packet)
{
	struct icmp_head *icmp = frame_start(context) + OFFSET_TRANSPORT6;

	if (packet->family != FAMILY_IPV6 || packet->protocol != IPPROTO_ICMPV6 || packet->hop_limit != 255)
		return 0;
	if ((void *)(icmp + 1) > frame_end(context))
		return 0;
	return icmp->type >= ICMP6_FIRST_OF_NEIGHBOURS && icmp->type <= ICMP6_LAST_OF_NEIGHBOURS;
}

static __always_inline int is_error(const struct packet *packet, __u8 type)
{
	if (packet->family == FAMILY_IPV4)
		return type == ICMP4_UNREACHABLE || type == ICMP4_TIME_EXCEEDED || type == ICMP4_PARAMETER;
	return type >= ICMP6_UNREACHABLE && type <= ICMP6_PARAMETER;
}

static __always_inline int handle_icmp(CONTEXT *context, const struct packet *packet)
{
	struct icmp_head *icmp = frame_start(context) + transport_offset(packet);

	if ((void *)(icmp + 1) > frame_end(context))
		return not_parsed(packet, DROP_MALFORMED);
	__u8 type = icmp->type, code = icmp->code;

	if (is_error(packet, type)) {
		int verdict = relay_too_big(context, packet);

		if (verdict != BALANCED_ON)
			return verdict;
	}
	if (!is_vip(&packet->destination))
		return is_error(packet, type) ? return_error(context, packet) : not_parsed(packet, OUTCOME_NOT_OURS);
	if (packet->family == FAMILY_IPV4) {
		if (type == ICMP4_ECHO && code == 0)
			return answer_echo(context, packet);
	} else {
		if (type == ICMP6_ECHO && code == 0)
			return answer_echo(context, packet);
	}
	return is_error(packet, type) ? steer_error(context, packet) : not_parsed(packet, OUTCOME_NOT_OURS);
}
