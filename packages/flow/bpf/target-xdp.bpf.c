/* A target's end of tunnels, at XDP. */
#include "system.h"
#include "attach-xdp.h"
#include "decapsulate.h"

char license_of_program[] SEC("license") = "GPL";

SEC("xdp.frags")
int decapsulate_xdp(struct xdp_md *context)
{
	return decapsulate(context);
}
