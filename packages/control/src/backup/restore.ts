import { ORDER, putBack } from '../revisions/put-back.ts';
import type { Draft } from '../state/draft.ts';
import { objectsOf } from '../state/objects.ts';
import { named, type State } from '../state/state.ts';
import type { Image } from '../store/journal.ts';

/**
 * Makes the draft what the state of its tenant is: objects keep their identifiers, and what is the same stays untouched.
 * Throws a ProblemError when an address was given to somebody else, or a quota is lower by now.
 */
export function restoreInto(draft: Draft, state: State): void {
  bringPlaces(draft, state);
  const images = new Map<string, Image>();
  for (const kind of ORDER) {
    for (const id of objectsOf(draft, kind).keys()) images.set(id, { kind, record: null });
    for (const [id, record] of objectsOf(state, kind)) images.set(id, { kind, record });
  }
  putBack(draft, images);
}

/** Regions and zones are of the installation, and those that are there stay; what is restored may be in others. */
function bringPlaces(draft: Draft, { regions, zones }: State): void {
  for (const { name, description, tags } of regions.values()) {
    if (named(draft.regions.values(), name) === null)
      draft.create('region', { id: draft.newId('region'), name, description, tags });
  }
  for (const { name, region, description, tags } of zones.values()) {
    if (named(draft.zones.values(), name) === null)
      draft.create('zone', { id: draft.newId('zone'), name, region, description, tags });
  }
}

/** How many objects there are, of all kinds. */
export function objectsIn(state: State): number {
  return ORDER.reduce((sum, kind) => sum + objectsOf(state, kind).size, 0);
}
