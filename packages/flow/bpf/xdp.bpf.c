/* The balancer at XDP: before the kernel makes anything of a frame. */
#include "system.h"
#include "attach-xdp.h"
#include "balance.h"

char license_of_program[] SEC("license") = "GPL";

/* "frags": for devices with an MTU beyond one page. */
SEC("xdp.frags")
int balance_xdp(struct xdp_md *context)
{
	return balance(context);
}

/* What nothing costs: benchmarks compare with it, and the peer of a veth needs some program. */
SEC("xdp.frags")
int pass_xdp(struct xdp_md *context)
{
	return XDP_PASS;
}
