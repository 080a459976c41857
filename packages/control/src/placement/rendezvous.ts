import { hashText } from '@evenkeel/model/hashing/murmur3.ts';

const SEED = 0x706c_6163;

/**
 * So many of the candidates as `count` says, by rendezvous hashing (Thaler and Ravishankar, 1998): each candidate has a
 * score for the key, and the highest win. The order of the candidates does not matter. When one comes or goes, a key
 * changes at most one of those that it has, and only if that one is among them.
 */
export function chosenFor(key: string, candidates: readonly string[], count: number): string[] {
  if (candidates.length <= count) return [...candidates];
  return candidates
    .map((name) => ({ name, score: hashText(`${name}\n${key}`, SEED) >>> 0 }))
    .sort((a, b) => b.score - a.score || (a.name < b.name ? -1 : 1))
    .slice(0, count)
    .map(({ name }) => name);
}
