import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { withoutUring } from './available.ts';

const NOBODY = 65_534;

/** Tries to listen on port 1 as somebody without privileges, and prints the code of the refusal. */
const script = (choice: string): string => `
  import { createReactor } from '${new URL('../choose.ts', import.meta.url)}';
  if (process.getuid() === 0) process.setuid(${NOBODY});
  const { reactor } = createReactor('${choice}', { buffers: 16 });
  let code = '';
  reactor.listen({ address: '127.0.0.1', port: 1, backlog: 1, reusePort: false }, {
    onListening() { code = 'listening'; },
    onAccept() {},
    onFailed(_, error) { code = error.code; },
  });
  while (code === '') {
    if (reactor.name === 'uring') reactor.turn(10);
    else await new Promise(setImmediate);
  }
  process.stdout.write(code);
  await reactor.destroy();
  process.exit();
`;

function unprivilegedStart(): number {
  return Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
}

for (const choice of ['uring', 'portable']) {
  const open = unprivilegedStart() <= 1 && 'everybody may listen on port 1 here';
  const skip = open || (choice === 'uring' && withoutUring);
  it(`${choice}: a port that needs privileges is refused by its name`, { skip }, () => {
    const args = ['--input-type=module', '-e', script(choice)];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    assert.deepEqual([stdout, stderr], ['EACCES', '']);
  });
}
