/* What the maps hold. src/datapath/layout.ts has the same layouts for user space, and a test holds both together by the
 * sizes in the compiled objects. All members are aligned by themselves; padding is spelled out and zero, because the
 * bytes of a key are compared as they lie. */
#pragma once
#include "consts.h"

/* IPv6, or IPv4 mapped into it (RFC 4291, section 2.5.5.2): one kind of key for both. */
struct address {
	__be32 words[4];
};

struct endpoint {
	struct address address;
	__be16 port;
	__u8 protocol;
	__u8 zero;
};

/* Key of a prefix trie: everything before the port is always compared whole. */
struct range {
	__u32 prefix_length; /* 160 bits and those of the port */
	__u8 protocol;
	__u8 zero[3];
	struct address address;
	__be16 port;
	__u16 zero2;
};

/* Key of a prefix trie; IPv4 networks begin behind the 96 bits of the mapping. */
struct network {
	__u32 prefix_length;
	struct address address;
};

/* Until when a source is denied, and until when it may all the same, in seconds since the machine started; 0: it is not. */
struct source_rule {
	__u32 denied_until;
	__u32 allowed_until;
};

#define FOR_EVER 0xffffffff

/* Bits of the one entry of `guards`: which kinds of rules there are at all. */
#define GUARD_ADDRESSES 1
#define GUARD_NETWORKS 2
/* Not about sources: somebody takes what is in `news`. */
#define GUARD_NEWS 4
/* Some listener translates the source. */
#define GUARD_BORROWERS 8
/* There are block lists. */
#define GUARD_BLOCKED 16
/* Some of the networks with a rule are allowed. */
#define GUARD_ALLOWED_NETWORKS 32
/* Not about sources: what NAT has translated takes the kernel's route without the kernel's routing. */
#define GUARD_SHORT_WAY 64
/* Nor this: some devices lead into containers of this node. */
#define GUARD_CONTAINERS 128

/* The other bits: which state of listeners and sources this is, counted by user space at each change. */
#define GENERATION 0xffffff00

/* A bit of entries of `vips`: what nobody listens to there goes no way but to this node itself. */
#define VIP_ENDS_HERE 2

enum mode { MODE_NAT, MODE_L2, MODE_IPIP, MODE_GUE };
enum affinity { AFFINITY_FLOW, AFFINITY_SOURCE };

struct listener {
	__u32 number;
	__u32 service;
	__u32 hash_seed; /* secret of the plan, the same on all nodes: who does not know it cannot aim at one target */
	__u32 idle_seconds;
	__u8 mode;
	__u8 affinity;
	__u16 flags;
	__u32 gate; /* of `admissions`; 0: everybody may open flows */
	__u32 block_list[2]; /* of `blocked`: the tenant's */
	__u32 persistence; /* seconds for which a client's new flows go where its last ones went; 0: by the table alone */
};

/* What one CPU has last read for a source and for an endpoint that fall into the same place. `known`: the generation that it
 * was read in, with IS_KNOWN, which what has never been written lacks. */
#define IS_KNOWN 1

struct recent_source {
	struct address address;
	__u32 known;
	struct source_rule rule; /* of its address and of all networks, without ends that were over */
	__u32 is_none; /* `known` of something else: it is no VIP, and nobody listens there */
};

struct recent_listener {
	struct endpoint endpoint;
	__u32 known;
	struct listener listener;
	__u32 zero;
};

/* What time it was when this tick of the kernel's clock was first seen. */
struct clock {
	__u64 tick;
	__u64 nanoseconds;
	__u32 seconds; /* the same: to divide takes as long as some look-ups */
	__u32 zero;
};

/* Key of a prefix trie: who may not open flows, until a time. */
struct blocked {
	__u32 prefix_length; /* the 64 bits of the list, and those of the network */
	__u32 list[2];
	struct address address;
};

/* Key of a prefix trie: who may open flows to listeners that name the gate. */
struct admission {
	__u32 prefix_length; /* the 32 bits of the gate, and those of the network */
	__u32 gate;
	struct address address;
};

/* A listener with an entry in `limits`. */
#define LISTENER_LIMITED 1
/* NAT: targets see the node. */
#define LISTENER_HIDES_CLIENTS 2
/* No listener of a load balancer, but ports of this node's own: their packets are left to the kernel. */
#define LISTENER_IS_NODE 4

/* Nanoseconds: from one to the next at the rate that is allowed, and how far ahead of that a source may be. */
struct rate {
	__u64 interval; /* 0: no limit */
	__u64 tolerance;
};

struct limits {
	struct rate packets;
	struct rate flows;
	__u32 alarm_syns; /* in a second; 0: never */
	__u32 calm_syns;
};

/* When the next one of each would be due if they came evenly. */
struct bucket {
	__u64 network; /* an IPv4 address, or 64 bits of an IPv6 one */
	__u64 owner; /* the listener, and the family in the upper half; 0: nobody */
	__u64 packets_due;
	__u64 flows_due;
};

struct flood {
	__u32 second; /* that `syns` are of */
	__u32 syns;
	__u32 busy_at; /* the last second with more than the lower threshold */
	__u32 alarm;
	__u64 alarms; /* so far */
};

/* 15 bits of the lower half: the target of the current table; upper half: that of the one before. */
#define SLOT_TARGET 0x7fff
/* Flows of this slot may be in `exceptions`: the two targets differ, or did until lately. */
#define SLOT_REMEMBERS 0x8000

struct table {
	__u32 slots[SLOTS];
};

#define TARGET_GONE 1 /* its flows are chosen again */
#define TARGET_RESETS 2 /* or, with this as well, are reset */
#define TARGET_SHARED 8 /* NAT: its endpoint answers for several listeners */
#define TARGET_CLOSED 4 /* keeps its flows; clients that it had get none there any more */
#define TARGET_UNRESOLVED 16 /* the next hop on `device` has no hardware address that is known: tunnels, hidden clients */

struct target {
	struct address address;
	struct address tunnel_source; /* the node's own address, for NAT that hides clients as well */
	__u32 device; /* where its next hop is; 0: the kernel routes */
	__u8 next_hop[6];
	__u8 own_mac[6];
	__be16 port; /* 0: the port that the client asked for */
	__u16 flags;
	__u16 mtu; /* of the way there, outer headers of a tunnel included; 0: not looked at */
	__u16 zero;
};

/* Several listeners: whose answer it is says the flow, and only where that is not known, the origin. */
#define ORIGIN_SHARED 1

/* Where a packet from a target seems to come from, for the client. */
struct origin {
	struct address vip;
	__be16 port; /* 0: the port that the target answers from */
	__u16 flags;
	__u32 listener;
	__u32 target;
};

/* A flow to an endpoint that several listeners share: its answers are those of this one. The key is a flow from the target's
 * side, whose address and port stand for the VIP. */
struct shared {
	struct address vip;
	__be16 vip_port;
	__u8 state;
	__u8 zero;
	__u32 listener;
	__u32 idle_seconds;
	__u32 seen; /* seconds since the machine started */
	__u32 target; /* by the number that the listener's service has for it */
};

/* A port of this node towards an endpoint of a target, and the flow that has it. */
struct borrowed {
	struct address target;
	struct address node;
	__be16 target_port;
	__be16 node_port;
	__u8 protocol;
	__u8 zero[3];
};

struct borrower {
	struct address client;
	struct address vip;
	__be16 client_port;
	__be16 vip_port;
	__u32 listener;
	__u32 seen; /* seconds since the machine started, by either side */
	__u32 idle_seconds;
	__u16 target;
	__u8 state; /* opening: its client has sent one packet, or SYN alone */
	__u8 zero;
};

struct flow {
	struct address client;
	struct address vip;
	__be16 client_port;
	__be16 vip_port;
	__u8 protocol;
	__u8 zero[3];
};

enum flow_state { FLOW_OPENING, FLOW_ESTABLISHED, FLOW_CLOSING };

struct exception {
	__u16 target;
	__u8 state;
	__u8 zero;
	__u32 seen; /* seconds since the machine started */
};

/* A client of a service that keeps clients at a target for a time, and when it last began or ended a flow, or sent a
 * datagram. */
struct visitor {
	__u32 service;
	struct address client;
};

struct visit {
	__u16 target;
	__u16 zero;
	__u32 seen; /* seconds since the machine started */
};

/* A flow that was just written down. */
struct news {
	struct flow flow;
	__u16 target;
	__u16 zero;
};

/* Of one listener, or of one target. */
struct traffic {
	__u64 packets; /* that met a target, whatever became of them on the way there */
	__u64 bytes;
	__u64 flows; /* TCP: SYN; a UDP flow has no first packet, so those are estimated by the sample */
	__u64 drops;
	__u64 answers; /* NAT: packets from targets to clients */
	__u64 answer_bytes;
};

/* How often something was done in a second, on one CPU. */
struct budget {
	__u32 second;
	__u32 spent;
};

struct listener_traffic {
	struct traffic traffic;
	__u64 next_draw; /* the packet, by its number in `traffic` */
	__u32 draw_interval; /* packets from one to the next, on average; 0 stands for 1 */
	struct budget drawn;
	struct budget sampled;
	__u32 zero;
};

/* Of all listeners. */
struct budgets {
	struct budget drawn;
	struct budget sampled;
};

/* `owner`: the number of a listener, or that of a target with this bit. */
#define OWNER_TARGET 0x80000000

struct drop {
	__u32 owner;
	__u32 reason;
};

/* A flow that is known because its hash falls into the share of flows that are sampled. */
struct sample {
	__u32 listener;
	__u32 hash;
	__u16 target;
	__u8 state;
	__u8 zero;
	__u32 seen; /* seconds since the machine started */
	__u32 since;
	__u32 zero2;
	__u64 packets; /* roughly: CPUs that count at the same moment may lose some */
	__u64 bytes;
};

/* What was drawn of a flow, times the interval: an estimate of what it has sent in this window and the one before. */
struct talker {
	__u32 listener;
	__u16 target;
	__u16 zero;
	__u32 window;
	__u32 zero2;
	__u64 packets;
	__u64 bytes;
	__u64 packets_before;
	__u64 bytes_before;
};

/* Why a packet did not go to a target, or what else became of it. */
enum outcome {
	OUTCOME_NOT_OURS,
	OUTCOME_RETURNED, /* from a target, source translated */
	OUTCOME_ECHO,
	OUTCOME_ICMP_STEERED,
	DROP_MALFORMED,
	DROP_FRAGMENT,
	DROP_EXTENSIONS, /* IPv4 options or IPv6 extension headers */
	DROP_HOP_LIMIT,
	DROP_NO_TABLE,
	DROP_NO_TARGET,
	DROP_NO_NEXT_HOP,
	DROP_NO_ROOM,
	DROP_DENIED,
	DROP_PACKET_RATE,
	DROP_FLOW_RATE,
	DROP_SYN_RATE,
	OUTCOME_CHALLENGED,
	OUTCOME_VERIFIED,
	OUTCOME_RESET,
	DROP_TOO_BIG,
	DROP_NO_PORT,
	DROP_SECURITY_GROUP,
	DROP_ALLOWED_SOURCES,
	DROP_BLOCKED,
	OUTCOME_ICMP_RETURNED, /* from a target, or from a router before it */
	DROP_NO_LISTENER, /* at this port of a VIP that is no address of this node */
	OUTCOMES,
};
