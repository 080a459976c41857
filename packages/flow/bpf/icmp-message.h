/* Messages of ICMP (RFC 792) and ICMPv6 (RFC 4443), as far as the balancer reads or writes them. */
#pragma once
#include "system.h"

#define ICMP4_ECHO_REPLY 0
#define ICMP4_UNREACHABLE 3
#define ICMP4_TOO_BIG 4 /* code */
#define ICMP4_ECHO 8
#define ICMP4_TIME_EXCEEDED 11
#define ICMP4_PARAMETER 12
#define ICMP6_UNREACHABLE 1
#define ICMP6_TOO_BIG 2
#define ICMP6_PARAMETER 4 /* time exceeded is in between */
#define ICMP6_ECHO 128
#define ICMP6_ECHO_REPLY 129
/* Neighbour discovery: from a router's solicitation to a redirect. */
#define ICMP6_FIRST_OF_NEIGHBOURS 133
#define ICMP6_LAST_OF_NEIGHBOURS 137

struct icmp_head {
	__u8 type;
	__u8 code;
	__u16 check;
	__u32 rest;
};

/* What an error says about the packet in question: its IP header and its first 8 bytes (RFC 792), ports among them. */
struct quote4 {
	struct iphdr ip;
	__be16 ports[4];
};

struct quote6 {
	struct ipv6hdr ip;
	__be16 ports[4];
};

struct error4 {
	struct iphdr ip;
	struct icmp_head icmp;
	struct quote4 about;
};

struct error6 {
	struct ipv6hdr ip;
	struct icmp_head icmp;
	struct quote6 about;
};
