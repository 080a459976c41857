/* The kernel's interface, as Debian's linux-libc-dev and libbpf-dev have it. */
#pragma once
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <stddef.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* A function that the verifier checks once and by itself. It knows nothing of the arguments then but their types, so that
 * pointers may be null to it, and of the result no more than that it is a number. Through what is inlined, or static, it
 * walks again on each way that leads there; ways multiply, and loading would take seconds. Calls cost some 5 ns each, so
 * what most packets take is inlined. Frames on the stack add up, rounded to 32 bytes, to 512 at the most. */
#define __checked_once __noinline

/* tcx came with Linux 6.6; the header may be older. */
#define TCX_NEXT (-1)
#define TCX_PASS 0
#define TCX_DROP 2

/* Of Linux 6.3. */
#define FIB_LOOKUP_SKIP_NEIGH (1u << 2)

#define FAMILY_OF_IPV4 2 /* AF_INET of sys/socket.h */
#define FAMILY_OF_IPV6 10 /* AF_INET6 */

/* Of Linux 6.4. */
#define ADJ_ROOM_DECAP_L3_IPV4 (1ull << 7)
#define ADJ_ROOM_DECAP_L3_IPV6 (1ull << 8)
