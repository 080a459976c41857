import { playLimits } from '../src/simulation/limits/run.ts';
import { testSeeds } from '../src/simulation/seed-test.ts';

testSeeds('packages/testbed/test/simulation-limits.test.ts', 60_000, 200, playLimits);
