/** How long an answer to a client that is still sending is kept from being reset, in milliseconds. */
export const LINGER = 10_000;

/** The same for an idle client when the listener drains: its last answer may not have reached it. */
export const DRAIN_LINGER = 1_000;
