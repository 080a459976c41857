import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { reasonInWords } from '@evenkeel/model/end-reasons.ts';
import { DESYNC_REASONS } from '../src/http1/desync.ts';
import { END_REASONS } from '../src/telemetry/end-reason.ts';

const guide = join(import.meta.dirname, '..', '..', '..', 'docs', 'guide');

/** Words in code type, in a section that begins with a heading. */
function wordsIn(file: string, heading: string): string[] {
  const [, section = ''] = readFileSync(join(guide, file), 'utf8').split(`\n## ${heading}\n`);
  return [...section.split('\n## ')[0]!.matchAll(/`([a-z-]+)`/g)].map(([, word]) => word as string);
}

test('the page on the access log names every reason', () => {
  const words = new Set(wordsIn('access-log.md', 'Reasons'));
  assert.deepEqual(
    END_REASONS.filter((reason) => !words.has(reason)),
    [],
  );
});

test('every reason has words for whoever asks about a request', () => {
  for (const reason of END_REASONS) {
    const { endedBy, phase, meaning } = reasonInWords(reason);
    assert.equal(phase === '' ? 'none' : `${endedBy}-${phase}`, reason);
    assert.doesNotMatch(meaning, /in the phase/, reason);
  }
});

test('the page on strict HTTP names every reason, in order', () => {
  const known = new Set(DESYNC_REASONS);
  assert.deepEqual(
    wordsIn('strict-http.md', 'Reasons').filter((word) => known.has(word)),
    DESYNC_REASONS,
  );
});
