#!/usr/bin/env node
// @ts-check
// Sets a host up as a target of direct return or of tunnels: see docs/flow.md.

import { runScript } from './script.mjs';

await runScript({ command: 'flow-target', script: ['tools', 'flow-target.ts'] });
