#!/usr/bin/env node
// @ts-check
// `npm run bench`, and `npm run bench:flow` with the first argument `flow`.

import { runScript } from './script.mjs';

const [first, ...rest] = process.argv.slice(2);
if (first === 'flow')
  await runScript({ command: 'npm run bench:flow', script: ['bench', 'flow', 'main.ts'], args: rest });
else await runScript({ command: 'npm run bench', script: ['bench', 'main.ts'] });
