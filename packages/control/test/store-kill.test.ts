import { test } from 'node:test';
import { killRounds } from './kill-rounds.ts';
import { seeded } from './random-changes.ts';
import { STORES } from './stores.ts';

/** More of them: `npm run soak -- kill-rounds`. */
const ROUNDS = 3;

for (const kind of STORES) {
  test(`${kind.name}: kill -9 at any moment loses no acknowledged write, and leaves no half of one`, {
    skip: kind.skip,
  }, async (t) => {
    const place = await kind.make(t);
    const { url, key } = place;
    const open = () => place.open(t);
    const acknowledged = await killRounds({ place: url, key, rounds: ROUNDS, random: seeded(3), open });
    t.diagnostic(`${acknowledged} writes were acknowledged`);
  });
}
