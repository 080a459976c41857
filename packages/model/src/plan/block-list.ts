/**
 * A part of the block lists, from the control plane to an agent that has acknowledged the part before with `blocked`.
 * A list belongs to a tenant.
 */
export interface BlockListMessage {
  readonly type: 'block-list';
  /** Everything from before is to be forgotten first. */
  readonly reset: boolean;
  /** What the agent has once this is in; `version` 0: it has yet to get more before it has something whole. */
  readonly position: BlockListPosition;
  readonly tenantId: string;
  /** Packed changes (see block-list/entries.ts) in base64. */
  readonly entries: string;
}

/** A place in the history of the block lists: `nonce` tells two histories with the same numbers apart. */
export interface BlockListPosition {
  readonly version: number;
  readonly nonce: string;
}

export const NO_POSITION: BlockListPosition = { version: 0, nonce: '' };

/** Bytes of changes in one part, before base64. */
export const PART_BYTES = 262_144;
