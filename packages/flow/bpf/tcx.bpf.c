/* The balancer at tcx: behind any device, with every offload of the kernel. */
#include "system.h"
#include "attach-tcx.h"
#include "balance.h"

char license_of_program[] SEC("license") = "GPL";

SEC("tc")
int balance_tcx(struct __sk_buff *context)
{
	return balance(context);
}

SEC("tc")
int pass_tcx(struct __sk_buff *context)
{
	return TCX_NEXT;
}
