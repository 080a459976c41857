/* Floods of SYN. When more of them come to a listener in a second than its threshold, an alarm goes up, and it stays until
 * there have been fewer than a second, lower threshold for CALM_SECONDS. As long as it is up, clients have to show that
 * packets to their address reach them: a SYN is answered by a SYN-ACK that acknowledges a SYN cookie in place of the
 * client's sequence number. A client answers that with a RST which has the cookie as its sequence number, and sends its
 * SYN again (RFC 9293, section 3.10.7.3); Linux does within 10 ms. Nothing is stored for addresses that do not answer, no
 * sequence number needs translation later, and so this works with direct return as well as with NAT. */
#pragma once
#include "limits.h"

/* Headers as the helpers want them, both for making a cookie and for judging one. The sequence number of the client is
 * not part of our cookies, because the RST does not show it; the addresses, the ports and a secret of the kernel are. */
struct cookie_headers {
	struct iphdr ip4;
	struct ipv6hdr ip6;
	struct tcphdr tcp;
};

static __always_inline void fill_headers(struct cookie_headers *headers, const struct packet *packet)
{
	headers->ip4.version = 4;
	headers->ip4.ihl = sizeof(headers->ip4) / 4;
	headers->ip4.protocol = IPPROTO_TCP;
	headers->ip4.saddr = packet->source.words[3];
	headers->ip4.daddr = packet->destination.words[3];
	headers->ip6.version = 6;
	headers->ip6.nexthdr = IPPROTO_TCP;
	__builtin_memcpy(&headers->ip6.saddr, &packet->source, sizeof(headers->ip6.saddr));
	__builtin_memcpy(&headers->ip6.daddr, &packet->destination, sizeof(headers->ip6.daddr));
	headers->tcp.source = packet->source_port;
	headers->tcp.dest = packet->destination_port;
	headers->tcp.doff = sizeof(headers->tcp) / 4;
}

/* A negative number where the kernel has no SYN cookies. */
static __always_inline __s64 make_cookie(const struct packet *packet)
{
	struct cookie_headers headers = {};

	fill_headers(&headers, packet);
	headers.tcp.syn = 1;
	if (packet->family == FAMILY_IPV4)
		return bpf_tcp_raw_gen_syncookie_ipv4(&headers.ip4, &headers.tcp, sizeof(headers.tcp));
	return bpf_tcp_raw_gen_syncookie_ipv6(&headers.ip6, &headers.tcp, sizeof(headers.tcp));
}

/* The kernel's check is for an ACK, which is one beyond the client's sequence number and one beyond the cookie. */
static __always_inline int is_cookie(const struct packet *packet, __u32 cookie)
{
	struct cookie_headers headers = {};

	fill_headers(&headers, packet);
	headers.tcp.ack = 1;
	headers.tcp.seq = bpf_htonl(1);
	headers.tcp.ack_seq = bpf_htonl(cookie + 1);
	if (packet->family == FAMILY_IPV4)
		return bpf_tcp_raw_check_syncookie_ipv4(&headers.ip4, &headers.tcp) == 0;
	return bpf_tcp_raw_check_syncookie_ipv6(&headers.ip6, &headers.tcp) == 0;
}

static __always_inline struct tcphdr *tcp_of(CONTEXT *context, const struct packet *packet)
{
	struct tcphdr *tcp = frame_start(context) + transport_offset(packet);

	return (void *)(tcp + 1) > frame_end(context) ? 0 : tcp;
}

/* Counts a SYN; whether the alarm is up. A second that begins while another CPU counts may lose a few. */
static __always_inline int is_flooded(const struct packet *packet, __u32 listener, const struct limits *limits)
{
	struct flood *flood = bpf_map_lookup_elem(&floods, &listener);

	if (!flood)
		return 0;
	if (!packet->opens)
		return flood->alarm;
	__u32 now = seconds_now();

	if (flood->second != now) {
		flood->second = now;
		flood->syns = 0;
	}
	__sync_fetch_and_add(&flood->syns, 1);
	if (flood->syns >= limits->calm_syns)
		flood->busy_at = now;
	if (!flood->alarm && flood->syns >= limits->alarm_syns) {
		flood->alarm = 1;
		__sync_fetch_and_add(&flood->alarms, 1);
	}
	if (flood->alarm && seconds_since(flood->busy_at, now) > CALM_SECONDS)
		flood->alarm = 0;
	return flood->alarm;
}

static __always_inline int is_verified(const struct packet *packet)
{
	__u32 *at = bpf_map_lookup_elem(&verified, &packet->source);

	return at && seconds_since(*at, seconds_now()) <= VERIFIED_SECONDS;
}

/* The SYN turns into our answer to it, options and all: a client looks at the acknowledgement first. */
static __always_inline int challenge(CONTEXT *context, const struct packet *packet, __u32 listener)
{
	struct tcphdr *tcp = tcp_of(context, packet);
	__s64 cookie = make_cookie(packet);

	if (!tcp || cookie < 0)
		return drop(listener, DROP_SYN_RATE);
	__be32 wrong = bpf_htonl((__u32)cookie);

	/* Once in 2^32 it is what the client waits for; it will ask again. */
	if (wrong == bpf_htonl(bpf_ntohl(tcp->seq) + 1))
		return drop(listener, DROP_SYN_RATE);
	__be16 *flags = (__be16 *)tcp + TCP_FLAGS_WORD;
	__u64 change = change32(tcp->ack_seq, wrong) + change16(*flags, *flags | bpf_htons(TCP_ACK));

	tcp->ack_seq = wrong;
	tcp->ack = 1;
	tcp->source = packet->destination_port;
	tcp->dest = packet->source_port;
	__u32 checksum = transport_offset(packet) + offsetof(struct tcphdr, check);

	if (swap_addresses(context, packet) || change_segment_checksum(context, checksum, change))
		return drop(listener, DROP_MALFORMED);
	count_outcome(OUTCOME_CHALLENGED);
	return send_back(context);
}

/* Under alarm, what becomes of a packet that opens or ends a connection, or BALANCED_ON. */
__checked_once int meet_flood(CONTEXT *context, const struct packet *packet, __u32 listener)
{
	if (!packet)
		return VERDICT_DROP;
	if (packet->opens)
		return is_verified(packet) ? BALANCED_ON : challenge(context, packet, listener);
	struct tcphdr *tcp = tcp_of(context, packet);

	if (!tcp || !tcp->rst || tcp->ack || !is_cookie(packet, bpf_ntohl(tcp->seq)))
		return BALANCED_ON;
	__u32 now = seconds_now();

	bpf_map_update_elem(&verified, &packet->source, &now, BPF_ANY);
	count_outcome(OUTCOME_VERIFIED);
	return VERDICT_DROP;
}
