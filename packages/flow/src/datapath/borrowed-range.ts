/** Ports of the node that flows have whose clients are hidden (bpf/consts.h); both inclusive. */
export const BORROWED_RANGE = { first: 1_024, last: 32_767 } as const;
