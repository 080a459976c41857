import { type DeniedSources, sourceKey } from '@evenkeel/flow/datapath/denied-sources.ts';
import { networkKey } from '@evenkeel/model/block-list/network-key.ts';
import { FOR_EVER } from '@evenkeel/model/block-list/prefix-table.ts';
import { ALWAYS_ALLOWED, DENY_LISTS } from '@evenkeel/model/plan/block-list.ts';
import { type FollowedList, type KernelLists, tableFor } from './listed-sources.ts';

const NAME = 'deny list';
const LOOPBACK = ALWAYS_ALLOWED.map((text) => networkKey(text)!);

/**
 * The deny list of the installation. In the kernel each prefix has two ends: until when it is denied, and until when it is
 * allowed. Of networks the longest alone is found, so it has those of all that contain it; addresses are by themselves.
 */
export class KernelDenyList implements KernelLists {
  readonly #sources: DeniedSources;

  constructor(sources: DeniedSources) {
    this.#sources = sources;
  }

  listOf(): string {
    return NAME;
  }

  begin(): void {
    this.#sources.settle();
  }

  *entries() {
    for (const { words, length } of this.#sources.entries()) yield { list: NAME, words, length };
  }

  isOver(list: FollowedList, words: Uint32Array, length: number, now: number): boolean {
    return this.#denied(list, words, length) <= now && this.#allowed(list, words, length) <= now;
  }

  write(list: FollowedList, words: Uint32Array, length: number, now: number): void {
    // Nothing comes from there by a device, and it would have programs look for networks that are allowed.
    if (isLoopback(words, length)) return;
    const key = sourceKey(words, length);
    const [denied, allowed] = [this.#denied(list, words, length), this.#allowed(list, words, length)];
    if (denied <= now && allowed <= now) this.#sources.delete(key);
    else this.#sources.set(key, { denied: secondsTo(denied, now), allowed: secondsTo(allowed, now) });
  }

  inherits(words: Uint32Array, length: number): boolean {
    return length < 32 * words.length;
  }

  #denied(list: FollowedList, words: Uint32Array, length: number): number {
    return endIn(list, DENY_LISTS.denied, words, length);
  }

  #allowed(list: FollowedList, words: Uint32Array, length: number): number {
    return endIn(list, DENY_LISTS.allowed, words, length);
  }
}

/** Seconds since 1970; 0: it is not there. */
function endIn({ parts }: FollowedList, part: string, words: Uint32Array, length: number): number {
  const prefixes = parts.get(part);
  if (prefixes === undefined) return 0;
  const table = tableFor(prefixes, words);
  if (length < 32 * words.length) return table.latest(words, length);
  const slot = table.find(words, length);
  return slot < 0 ? 0 : table.memory.until[slot]!;
}

/** 0: it is over; null: never. */
function secondsTo(until: number, now: number): number | null {
  return until === FOR_EVER ? null : Math.max(0, until - now);
}

function isLoopback(words: Uint32Array, length: number): boolean {
  return LOOPBACK.some(({ key, length: own }) => own === length && key.every((word, i) => word === words[i]));
}
