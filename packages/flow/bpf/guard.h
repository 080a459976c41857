/* Sources that may not, before anything is spent on them: those that are denied, by address or by network, and are not
 * allowed by either. Exact addresses are in a hash, which costs a fraction of the trie; and who has sent a moment ago is
 * looked up in neither. */
#pragma once
#include "clock.h"
#include "recent.h"

/* What is in force now. An end that is over is 0, and so may be one that changes nothing before the other has come. */
__checked_once int look_up_source(const struct packet *packet, __u32 in_use, __u32 now, struct source_rule *found)
{
	struct source_rule *rule;

	if (!packet || !found)
		return 0;
	found->denied_until = 0;
	found->allowed_until = 0;
	if (in_use & GUARD_ADDRESSES) {
		rule = bpf_map_lookup_elem(&sources, &packet->source);
		if (rule) {
			if (rule->denied_until > now)
				found->denied_until = rule->denied_until;
			if (rule->allowed_until > now)
				found->allowed_until = rule->allowed_until;
		}
	}
	/* The trie could only say the same. */
	if (found->allowed_until || (found->denied_until && !(in_use & GUARD_ALLOWED_NETWORKS)))
		return 0;
	if (!(in_use & GUARD_NETWORKS))
		return 0;
	struct network whole = { .prefix_length = 8 * sizeof(struct address), .address = packet->source };

	rule = bpf_map_lookup_elem(&source_networks, &whole);
	if (!rule)
		return 0;
	if (rule->denied_until > now && rule->denied_until > found->denied_until)
		found->denied_until = rule->denied_until;
	if (rule->allowed_until > now)
		found->allowed_until = rule->allowed_until;
	return 0;
}

/* What a rule says that was in force lately, if it still is. Asks for the time only where that matters. */
enum standing { STANDS_DENIED, STANDS_PASSES, STANDS_NO_MORE };

static __always_inline enum standing standing_of(const struct source_rule *rule)
{
	if (!(rule->denied_until | rule->allowed_until))
		return STANDS_PASSES;
	if (rule->denied_until == FOR_EVER && !rule->allowed_until)
		return STANDS_DENIED;
	__u32 now = seconds_now();

	if (rule->allowed_until)
		return rule->allowed_until > now ? STANDS_PASSES : STANDS_NO_MORE;
	return rule->denied_until > now ? STANDS_DENIED : STANDS_NO_MORE;
}

static __always_inline int is_denied(const struct packet *packet, __u32 in_use)
{
	__u32 generation = generation_of(in_use);
	struct source_rule found = {};

	if (!(in_use & (GUARD_ADDRESSES | GUARD_NETWORKS)))
		return 0;
	struct recent_source *recent = recent_source_at(&packet->source);

	if (recent && recent->known == generation && is_same(&recent->address, &packet->source)) {
		enum standing standing = standing_of(&recent->rule);

		if (standing != STANDS_NO_MORE)
			return standing == STANDS_DENIED;
	}
	look_up_source(packet, in_use, seconds_now(), &found);
	if (recent) {
		begin_anew(recent, &packet->source);
		recent->rule = found;
		barrier();
		recent->known = generation;
	}
	return found.denied_until && !found.allowed_until;
}
