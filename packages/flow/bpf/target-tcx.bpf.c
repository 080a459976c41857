/* A target's end of tunnels, at tcx. */
#include "system.h"
#include "attach-tcx.h"
#include "decapsulate.h"

char license_of_program[] SEC("license") = "GPL";

SEC("tc")
int decapsulate_tcx(struct __sk_buff *context)
{
	return decapsulate(context);
}
