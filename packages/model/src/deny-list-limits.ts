/**
 * The deny list of the installation: addresses and networks that it may have, both kinds of entries together; entries of
 * one call; seconds that one is good for; and different notes.
 */
export const DENY_LIST = {
  addresses: 1_000_000,
  networks: 100_000,
  atOnce: 10_000,
  seconds: { minimum: 1, maximum: 315_360_000 },
  notes: 1_000,
  noteLength: 200,
} as const;
