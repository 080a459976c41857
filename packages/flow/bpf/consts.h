/* Numbers of the flow datapath, each with its reason. User space reads none of them: what it has to know it learns from
 * the maps themselves, or has beside it in src/datapath. */
#pragma once

/* Slots of a Maglev table. Prime, so that every target's order visits every slot; with 100 targets a share is off by
 * less than one per cent (Eisenbud et al., "Maglev", NSDI 2016, section 5.3 uses the same size). */
#define SLOTS 65537

/* Pairs of VIP, protocol and port. A hash that is not full costs one look-up whatever its size. */
#define MAX_ENDPOINTS 65536
/* Listeners by number, for their counters. */
#define MAX_LISTENERS 8192
/* Prefixes of port ranges: a range is at most 30 of them. */
#define MAX_RANGE_PREFIXES 65536
/* Services by number. An entry is 8 bytes until a table is put into it, which is 256 KiB. */
#define MAX_SERVICES 4096
/* Targets by number. A slot names two of them in 15 bits each; number 0 is nobody. */
#define MAX_TARGETS 32768
/* Flows in changed slots: the least recently used make room. About 120 bytes each, taken when the map is made; the
 * loader lowers it on small machines. */
#define MAX_EXCEPTIONS 1048576

/* Flows that were written down and that user space has not yet told other nodes of. The oldest make room: user space
 * takes 100,000 a second, and sends all that is written down again from time to time. */
#define MAX_NEWS 65536

/* Flows whose source is translated, about 150 bytes each: all ports of four endpoints. The least recently seen make room. */
#define MAX_BORROWERS 131072
/* Ports that such flows may have, for each endpoint of a target, and how many a flow may try. With half of them taken, one
 * flow in 256 finds none. */
#define FIRST_BORROWED_PORT 1024
#define BORROWED_PORTS 31744
#define BORROW_ATTEMPTS 8
/* Where a flow finds all of its ports taken, it gets that of one whose client has sent a single packet and nothing else for
 * this long (Linux forgets unanswered UDP after 30 s, too), or of one that has ended (a retransmitted FIN comes within it). */
#define UNANSWERED_SECONDS 30
#define LINGERING_SECONDS 4

/* Places for devices that lead into containers of this node, 8 bytes each; a device has that of its number, and of two with
 * the same one, the other is reached by the device, as everything was. A power of 2. */
#define CONTAINER_PLACES 16384

/* Flows to endpoints of targets that several listeners share, about 140 bytes each; the least recently seen make room, and
 * their answers seem to come from the first of these listeners. */
#define MAX_SHARED 65536

/* Clients that are kept at a target for a time, about 100 bytes each; the least recently seen make room, and are chosen for
 * by the table, which is another target only where it has changed. */
#define MAX_VISITS 262144

/* Sources that are denied or allowed before anything else: single addresses as many as the control plane has at most, in a
 * hash of 16 MiB and about 80 bytes for each that is there; and networks, some 130 bytes each when there is something to
 * hold, with room for those that are over. */
#define MAX_SOURCE_ADDRESSES 1048576
#define MAX_SOURCE_NETWORKS 131072

/* Sources and endpoints that each CPU remembers, 32 and 64 bytes each: 128 KiB and 16 KiB, which fit its second-level cache.
 */
#define RECENT_SOURCES_BITS 12
#define RECENT_LISTENERS_BITS 8

/* Entries of all block lists, as many as the control plane has at most and a few that are over. About 130 bytes each, taken
 * when there is something to hold. */
#define MAX_BLOCKED 2097152

/* Prefixes of all gates: 40 listeners with as many rules as one may have, if no two have the same. About 80 bytes each,
 * taken when there is something to hold. */
#define MAX_ADMISSIONS 131072

/* Places for sources that are counted because a listener limits them, 32 bytes each, and at how many of them one may be. With
 * 131,072 sources that have something to answer for, one in 7,000 finds all of its places taken by others. */
#define BUCKETS_BITS 19
#define BUCKET_WAYS 8
/* Sources that have answered a challenge, about 90 bytes each; whoever had to make room answers another one. */
#define MAX_VERIFIED 131072
/* An answer is good for as long as clients keep an address at the least. */
#define VERIFIED_SECONDS 300
/* How long there have to be few SYN for an alarm to end: a flood that pauses to look innocent pauses longer than one that
 * is over. */
#define CALM_SECONDS 10

/* What was dropped, by listener or target and reason; about 30 bytes each and 8 for each CPU, taken when there is something
 * to count. Beyond it, drops count in the sums alone. */
#define MAX_DROPS 32768

/* Flows of the sample, about 130 bytes each; user space chooses their share so that half of these suffice, and the rest is
 * for flows that have ended and nobody has struck out yet. */
#define MAX_SAMPLES 65536
/* Flows that come into the sample in a second, of one listener and of all, on each CPU: a flood of new ones meets this
 * before user space has made the share smaller. */
#define SAMPLED_PER_SECOND 2048
#define ALL_SAMPLED_PER_SECOND 16384

/* Flows with packets that were drawn, about 140 bytes each; the least recently seen make room. */
#define MAX_TALKERS 16384
/* Packets that are drawn in a second, of one listener and of all, on each CPU: some 150 ns each, so a thousandth of a core
 * at most. */
#define DRAWN_PER_SECOND 512
#define ALL_DRAWN_PER_SECOND 8192
/* One packet of so many is drawn at the least: enough for 100 million packets a second. */
#define MAX_DRAW_INTERVAL 65536
/* What talkers have sent is counted for windows of 2^4 seconds. */
#define TALK_WINDOW_BITS 4

/* A handshake that is not finished by then will not be: a client's kernel gives up after about 127 s of retries, but
 * its retransmitted SYN finds the same target without an entry unless the table changed in between. */
#define OPENING_SECONDS 60
/* After FIN or RST. Last acknowledgements and retransmissions need a target for some round trips; 60 s is what TIME_WAIT
 * is on Linux. A forged RST does no more than shorten the idle timeout to this. */
#define CLOSING_SECONDS 60

/* Hop limit of packets that begin here: tunnels and echo replies. The usual value of an end host. */
#define OWN_HOP_LIMIT 64

/* Generic UDP Encapsulation, the port registered for it. */
#define GUE_PORT 6080
/* Source ports of the tunnel are 49152 and up (the dynamic ones, RFC 6335 section 6), so that 14 bits of the flow's hash
 * spread the outer packets over receive queues and equal-cost paths. */
#define GUE_SOURCE_BASE 0xc000
#define GUE_SOURCE_BITS 0x3fff
