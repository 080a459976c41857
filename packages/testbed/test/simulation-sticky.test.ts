import { testSeeds } from '../src/simulation/seed-test.ts';
import { playSticky } from '../src/simulation/sticky/run.ts';

testSeeds('packages/testbed/test/simulation-sticky.test.ts', 30_000, 120, playSticky);
