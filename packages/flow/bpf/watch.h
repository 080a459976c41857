/* What is seen of flows without a table of them: a sample of flows that is kept while they live, and packets that are drawn
 * now and then, to find out who sends the most. A packet that is neither costs two comparisons. What the rest costs has a
 * bound in each second, whatever comes. */
#pragma once
#include "choose.h"

static __always_inline void begin_second(struct budget *budget, __u32 now)
{
	if (budget->second == now)
		return;
	budget->second = now;
	budget->spent = 0;
}

static __always_inline void name_flow(struct flow *key, const struct packet *packet)
{
	key->client = packet->source;
	key->vip = packet->destination;
	key->client_port = packet->source_port;
	key->vip_port = packet->destination_port;
	key->protocol = packet->protocol;
}

/* The share is by the lowest bits of the hash; slots are by the highest ones, so that the sample has flows of all targets.
 * With `one_in` halved, flows come in that began long ago: of those of UDP nobody can tell. */
__checked_once int sample_flow(const struct packet *packet, const struct listener *listener,
			       struct listener_traffic *own, __u32 one_in)
{
	struct flow key = {};
	__u32 first = 0;

	if (!packet || !listener || !own)
		return 0;
	name_flow(&key, packet);
	struct sample *known = bpf_map_lookup_elem(&samples, &key);
	__u32 now = seconds_now();

	if (known && known->listener == listener->number && seconds_since(known->seen, now) <= lifetime(known->state, listener) &&
	    (!packet->opens || known->state == FLOW_OPENING)) {
		known->seen = now;
		known->state = next_state(known->state, packet);
		known->target = packet->target;
		known->packets += 1;
		known->bytes += packet->bytes;
		return 0;
	}
	/* The end of a flow that nobody has seen is no flow. */
	if (packet->ends)
		return 0;
	struct budgets *all = bpf_map_lookup_elem(&budgets, &first);

	if (!all)
		return 0;
	begin_second(&all->sampled, now);
	begin_second(&own->sampled, now);
	if (all->sampled.spent >= ALL_SAMPLED_PER_SECOND || own->sampled.spent >= SAMPLED_PER_SECOND)
		return 0;
	all->sampled.spent += 1;
	own->sampled.spent += 1;
	struct sample sample = {
		.listener = listener->number,
		.hash = packet->hash,
		.target = packet->target,
		.state = packet->opens ? FLOW_OPENING : FLOW_ESTABLISHED,
		.seen = now,
		.since = now,
		.packets = 1,
		.bytes = packet->bytes,
	};

	bpf_map_update_elem(&samples, &key, &sample, BPF_ANY);
	if (packet->protocol == IPPROTO_UDP) {
		__u32 target = packet->target;
		struct traffic *its = bpf_map_lookup_elem(&target_traffic, &target);

		own->traffic.flows += one_in;
		if (its)
			its->flows += one_in;
	}
	return 0;
}

static __always_inline void count_talk(const struct packet *packet, __u32 listener, __u32 now, __u32 weight)
{
	struct flow key = {};
	__u32 window = now >> TALK_WINDOW_BITS;

	name_flow(&key, packet);
	struct talker *known = bpf_map_lookup_elem(&talkers, &key);

	if (!known) {
		struct talker talker = {
			.listener = listener,
			.target = packet->target,
			.window = window,
			.packets = weight,
			.bytes = (__u64)packet->bytes * weight,
		};

		bpf_map_update_elem(&talkers, &key, &talker, BPF_ANY);
		return;
	}
	if (known->window != window) {
		int follows = window - known->window == 1;

		known->packets_before = follows ? known->packets : 0;
		known->bytes_before = follows ? known->bytes : 0;
		known->packets = 0;
		known->bytes = 0;
		known->window = window;
	}
	known->listener = listener;
	known->target = packet->target;
	known->packets += weight;
	known->bytes += (__u64)packet->bytes * weight;
}

/* The distance to the next one is random, 1 to twice the interval less one: traffic has rhythms of its own. The interval
 * doubles where a second has had enough, and is halved after one that has had few. */
__checked_once int draw_packet(const struct packet *packet, __u32 listener, struct listener_traffic *own)
{
	__u32 first = 0, now = seconds_now();
	struct budgets *all = bpf_map_lookup_elem(&budgets, &first);

	if (!all || !packet || !own)
		return 0;
	__u32 interval = own->draw_interval ? own->draw_interval : 1, next = interval;

	if (own->drawn.second != now && own->drawn.spent < DRAWN_PER_SECOND / 4 && next > 1)
		next /= 2;
	begin_second(&all->drawn, now);
	begin_second(&own->drawn, now);
	all->drawn.spent += 1;
	own->drawn.spent += 1;
	if (own->drawn.spent >= DRAWN_PER_SECOND || all->drawn.spent >= ALL_DRAWN_PER_SECOND) {
		own->drawn.spent = DRAWN_PER_SECOND / 2;
		if (next < MAX_DRAW_INTERVAL)
			next *= 2;
	}
	own->draw_interval = next;
	own->next_draw = own->traffic.packets + 1 + (next > 1 ? bpf_get_prandom_u32() % (2 * next - 1) : 0);
	count_talk(packet, listener, now, interval);
	return 0;
}

/* Counts a packet on its way to packet->target. */
static __always_inline void watch(const struct packet *packet, const struct listener *listener)
{
	__u32 number = listener->number, target = packet->target;
	struct listener_traffic *own = bpf_map_lookup_elem(&listener_traffic, &number);
	struct traffic *its = bpf_map_lookup_elem(&target_traffic, &target);
	__u32 *one_in = bpf_map_lookup_elem(&sampling, &number);

	if (its)
		count_traffic(its, packet);
	if (!own)
		return;
	count_traffic(&own->traffic, packet);
	if (own->traffic.packets >= own->next_draw)
		draw_packet(packet, number, own);
	if (one_in && *one_in && !(packet->hash & (*one_in - 1)))
		sample_flow(packet, listener, own, *one_in);
}
