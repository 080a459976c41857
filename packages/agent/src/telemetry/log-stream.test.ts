import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';

const CHILD = `
  import { LogStream } from ${JSON.stringify(new URL('./log-stream.ts', import.meta.url).href)};
  const stream = new LogStream(1);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const lines = Buffer.from(Array.from({ length: 20000 }, (_, i) => 'line ' + i + ' ' + 'x'.repeat(i % 300) + '\\n').join(''));
  try {
    await stream.append(lines);
    process.stderr.write('written ' + (turns > 5));
  } catch (error) {
    process.stderr.write('failed ' + error.code);
  }
  clearInterval(timer);
`;

function child() {
  return spawn(process.execPath, ['--input-type=module', '-e', CHILD], { stdio: ['ignore', 'pipe', 'pipe'] });
}

test('a slow reader gets every line whole, and the main thread goes on meanwhile', async () => {
  const process = child();
  let said = '';
  process.stderr.setEncoding('utf8').on('data', (text) => (said += text));
  // The pipe is full when the first byte can be read; what is left waits for the reader.
  await once(process.stdout, 'readable');
  const text = Buffer.concat(await process.stdout.toArray()).toString();
  if (process.exitCode === null) await once(process, 'close');
  const lines = text.split('\n');
  assert.equal(lines.length, 20_001);
  for (const [index, line] of lines.slice(0, -1).entries()) assert.ok(line.startsWith(`line ${index} `));
  assert.match(said, /^written /);
});

test('a reader that has gone is an error, and no end of the process', async () => {
  const process = child();
  let said = '';
  process.stderr.setEncoding('utf8').on('data', (text) => (said += text));
  process.stdout.destroy();
  const [code] = await once(process, 'close');
  assert.equal(code, 0);
  // Standard output is a socket here, which says so where it has taken lines that nobody read.
  assert.match(said, /^failed (EPIPE|ECONNRESET)$/);
});
