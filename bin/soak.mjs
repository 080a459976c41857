#!/usr/bin/env node
// @ts-check
// `npm run soak`.

import { runScript } from './script.mjs';

await runScript({ command: 'npm run soak', script: ['bench', 'soak', 'main.ts'] });
