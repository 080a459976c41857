import { type BlockListMessage, type BlockListPosition, NO_POSITION } from '@evenkeel/model/plan/block-list.ts';
import type { BlockLists } from './block-lists.ts';

/** A part that is to be sent, before it is a message. */
interface Part {
  readonly reset: boolean;
  readonly position: BlockListPosition;
  readonly tenantId: string;
  readonly entries: Uint8Array;
}

/** What one agent has of the block lists, and what it is sent: one part at a time, the next when it has that. */
export class BlockListFeed {
  readonly #lists: BlockLists;
  readonly #send: (message: BlockListMessage) => void;
  #position: BlockListPosition;
  /** What is left of everything, while it is sent. */
  #whole: Generator<Part> | null = null;
  #isAwaited = false;

  /** `position`: what the agent says that it has. */
  constructor(lists: BlockLists, position: BlockListPosition, send: (message: BlockListMessage) => void) {
    this.#lists = lists;
    this.#position = position;
    this.#send = send;
  }

  /** The lists may have changed. */
  offer(): void {
    if (this.#isAwaited) return;
    const part = this.#next();
    if (part === null) return;
    this.#isAwaited = true;
    const { reset, position, tenantId, entries } = part;
    this.#send({ type: 'block-list', reset, position, tenantId, entries: Buffer.from(entries).toString('base64') });
  }

  /** The agent has what was sent last. */
  acknowledged(): void {
    this.#isAwaited = false;
    this.offer();
  }

  #next(): Part | null {
    if (this.#whole !== null) {
      const { value, done } = this.#whole.next();
      if (done !== true) return value;
      this.#whole = null;
    }
    const change = this.#lists.behind(this.#position);
    if (change === 'unknown') {
      this.#whole = this.#everything();
      return this.#next();
    }
    if (change === null) return null;
    this.#position = { version: change.version, nonce: change.nonce };
    return { reset: false, position: this.#position, tenantId: change.tenantId, entries: change.entries };
  }

  /** What changes while it is sent comes after it: entries that come twice do no harm. */
  *#everything(): Generator<Part> {
    const { position } = this.#lists;
    const nothing = new Uint8Array();
    yield { reset: true, position: NO_POSITION, tenantId: '', entries: nothing };
    for (const part of this.#lists.everything()) yield { reset: false, position: NO_POSITION, ...part };
    this.#position = position;
    yield { reset: false, position, tenantId: '', entries: nothing };
  }
}
