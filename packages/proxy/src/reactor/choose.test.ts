import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { it } from 'node:test';
import { createReactor } from './choose.ts';
import { withoutUring } from './contract/available.ts';

it('takes what was asked for and says so', async () => {
  for (const choice of withoutUring ? (['portable'] as const) : (['uring', 'portable'] as const)) {
    const { reactor, reason } = createReactor(choice, { buffers: 16 });
    assert.equal(reactor.name, choice);
    assert.match(reason, /asked for/);
    await reactor.destroy();
  }
});

it('takes uring by itself where there is one', { skip: withoutUring }, async () => {
  const { reactor, reason } = createReactor('auto', { buffers: 16 });
  assert.equal(reactor.name, 'uring');
  assert.match(reason, /^Linux \d.* has io_uring$/);
  await reactor.destroy();
});

it('falls back to portable and says why', { skip: withoutUring }, () => {
  // Without descriptors to be had, no ring can be opened.
  const script = `
    import { openSync } from 'node:fs';
    import { createReactor } from '${new URL('./choose.ts', import.meta.url)}';
    try { for (;;) openSync('/dev/null', 'r'); } catch {}
    const { reactor, reason } = createReactor('auto', { buffers: 16 });
    let refusal = '';
    try { createReactor('uring', { buffers: 16 }); } catch (error) { refusal = error.message; }
    process.stdout.write(JSON.stringify({ name: reactor.name, reason, refusal }));
    process.exit();
  `;
  const limited = `ulimit -n 128; exec "$0" "$@"`;
  const args = ['-c', limited, process.execPath, '--input-type=module', '-e', script];
  const { stdout, stderr } = spawnSync('sh', args, { encoding: 'utf8' });
  assert.equal(stderr, '');
  const { name, reason, refusal } = JSON.parse(stdout);
  assert.equal(name, 'portable');
  assert.match(reason, /portable, because uring cannot run here: .*EMFILE/);
  assert.match(refusal, /the uring reactor cannot run here: .*EMFILE/);
});
