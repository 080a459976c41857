/* The balancer with a crowd of clients in front of it and a judge behind: each run makes the frame one of the next flow,
 * balances it, and compares the target with the one that this flow met first. What the judge remembers is no state of the
 * balancer. For BPF_PROG_TEST_RUN on one CPU, on one frame again and again. */
#include "system.h"
#include "attach-xdp.h"
#include "balance.h"

char license_of_program[] SEC("license") = "GPL";

#define FLOWS_OF_A_CLIENT 32768 /* 15 bits of the flow's number, above the reserved ports */
#define FIRST_PORT 1024
#define FIRST_CLIENT 0x0a000000
#define JUDGED_AT_ONCE 64

struct crowd {
	__u64 next;
	__u64 flows;
	__u64 wrong; /* packets at another target than their flow's */
	__be32 vip;
	__u8 opens; /* SYN, else ACK */
	__u8 idle; /* what the crowd itself costs: nothing is balanced */
	__u16 zero;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct crowd);
} crowds SEC(".maps");

/* Of 64 flows each, which target they have met, by the last byte of its MAC address. */
struct judged {
	__u8 target[JUDGED_AT_ONCE];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct judged);
} met SEC(".maps");

struct frame {
	struct ethhdr ethernet;
	struct iphdr ip;
	struct tcphdr tcp;
} __attribute__((packed));

/* Both halves of a run are functions of their own, so that the balancer's stack stays within what the kernel allows:
 * nothing of theirs lies there meanwhile. */
static __noinline int make_frame(struct xdp_md *context)
{
	__u32 first = 0;
	struct crowd *crowd = bpf_map_lookup_elem(&crowds, &first);
	struct frame *frame = frame_start(context);

	if (!crowd || (void *)(frame + 1) > frame_end(context))
		return -1;
	__u64 number = crowd->next;

	frame->ip.saddr = bpf_htonl(FIRST_CLIENT + (__u32)(number / FLOWS_OF_A_CLIENT));
	frame->ip.daddr = crowd->vip;
	frame->ip.ttl = OWN_HOP_LIMIT;
	frame->tcp.source = bpf_htons(FIRST_PORT + (__u16)(number % FLOWS_OF_A_CLIENT));
	frame->tcp.syn = crowd->opens;
	frame->tcp.ack = !crowd->opens;
	frame->ethernet.h_dest[5] = 0;
	return crowd->idle;
}

static __noinline int judge(struct xdp_md *context, int verdict, int idle)
{
	__u32 first = 0;
	struct crowd *crowd = bpf_map_lookup_elem(&crowds, &first);
	struct frame *frame = frame_start(context);

	if (!crowd || (void *)(frame + 1) > frame_end(context))
		return XDP_ABORTED;
	__u64 number = crowd->next;
	__u32 group = number / JUDGED_AT_ONCE;
	struct judged *judged = bpf_map_lookup_elem(&met, &group);

	crowd->next = number + 1 == crowd->flows ? 0 : number + 1;
	if (!judged)
		return XDP_ABORTED;
	__u8 *target = &judged->target[number % JUDGED_AT_ONCE], now = frame->ethernet.h_dest[5];

	if (idle)
		return verdict;
	if (verdict != XDP_REDIRECT || (*target && *target != now))
		crowd->wrong += 1;
	if (!*target)
		*target = now;
	return verdict;
}

SEC("xdp.frags")
int crowd_xdp(struct xdp_md *context)
{
	int idle = make_frame(context);

	if (idle)
		return judge(context, XDP_PASS, 1);
	return judge(context, balance(context), 0);
}
