import { changes } from './scenarios/changes.ts';
import { killRoundsOfStores } from './scenarios/kill-rounds.ts';
import { killedTarget } from './scenarios/killed-target.ts';
import { retryStorm } from './scenarios/retry-storm.ts';
import { rollingRestart } from './scenarios/rolling-restart.ts';
import { slowClients } from './scenarios/slow-clients.ts';
import { upgrade } from './scenarios/upgrade.ts';
import type { SoakScenario } from './soak.ts';

export const SOAKS: readonly SoakScenario[] = [
  changes,
  upgrade,
  killedTarget,
  rollingRestart,
  retryStorm,
  slowClients,
  killRoundsOfStores,
];
