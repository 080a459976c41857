import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replaceResults } from './document.ts';

const BEGIN = '<!-- results: written by `npm run bench`, do not edit -->';
const END = '<!-- end of results -->';

test('only what is between the marks is replaced', () => {
  const page = `# Title\n\n${BEGIN}\n\nold\n\n${END}\n\nAfter.\n`;
  const once = replaceResults(page, 'new');
  assert.equal(once, `# Title\n\n${BEGIN}\n\nnew\n\n${END}\n\nAfter.\n`);
  assert.equal(replaceResults(once, 'new'), once);
});

test('a page without the marks is refused', () => {
  assert.throws(() => replaceResults('# Title', 'new'), /needs the lines/);
  assert.throws(() => replaceResults(`${END}\n${BEGIN}`, 'new'), /needs the lines/);
});
