import { createHash } from 'node:crypto';
import { canonicalJson } from '@evenkeel/model/plan/canonical-json.ts';
import type { ObjectChange } from '@evenkeel/model/resources/document.ts';
import type { Touched } from '../impact/touched.ts';
import type { Draft } from '../state/draft.ts';

/**
 * What a draft would do, in short: a plan that is carried out later has another fingerprint if it would do anything else
 * by then, or do it to objects that have changed.
 */
export function fingerprintOf(draft: Draft, changes: readonly ObjectChange[], touched: readonly Touched[]): string {
  // Keys and the like show in no difference.
  const objects = draft.changes.map(({ id, kind, before }) => ({ id, kind, generation: before?.generation ?? null }));
  const listeners = touched.map(({ id, effect }) => ({ id, effect }));
  return createHash('sha256').update(canonicalJson({ changes, objects, listeners })).digest('base64url');
}
