import type { Scenario } from './bench.ts';
import { applyLatency10, applyLatency1000 } from './scenarios/apply-latency.ts';
import { coldStart } from './scenarios/cold-start.ts';
import { body1mb, connectionPerRequest, keepalive64, keepalive256 } from './scenarios/http.ts';
import { memory } from './scenarios/memory.ts';
import { rules10000 } from './scenarios/rules.ts';
import { websocket } from './scenarios/websocket.ts';

/** All scenarios, in the order in which they run. */
export const SCENARIOS: readonly Scenario[] = [
  keepalive64,
  keepalive256,
  connectionPerRequest,
  body1mb,
  rules10000,
  websocket,
  memory,
  applyLatency10,
  applyLatency1000,
  coldStart,
];

/** Scenarios whose name is, or begins with, one of the given names; all when none is given. */
export function chooseScenarios(names: readonly string[]): readonly Scenario[] {
  for (const name of names) {
    if (SCENARIOS.some((scenario) => scenario.name.startsWith(name))) continue;
    throw new Error(
      `no scenario is called ${name}; there are ${SCENARIOS.map((scenario) => scenario.name).join(', ')}`,
    );
  }
  return SCENARIOS.filter((scenario) => names.length === 0 || names.some((name) => scenario.name.startsWith(name)));
}
