#!/usr/bin/env node
// @ts-check
// `npm run fuzz`.

import { runScript } from './script.mjs';

await runScript({ command: 'npm run fuzz', script: ['tools', 'fuzz.ts'], development: true });
