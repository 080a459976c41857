import type { Scenario } from './bench.ts';
import { applyLatency10, applyLatency1000 } from './scenarios/apply-latency.ts';
import { certificates } from './scenarios/certificates.ts';
import { coldStart } from './scenarios/cold-start.ts';
import { controlPlane } from './scenarios/control-plane.ts';
import { healthChecks, healthChecksLoopback } from './scenarios/health-checks.ts';
import { body1mb, connectionPerRequest, keepalive64, keepalive256, keepaliveVaried } from './scenarios/http.ts';
import { memory } from './scenarios/memory.ts';
import { rules100Sticky, rules10000 } from './scenarios/rules.ts';
import { tlsHandshakeP256, tlsHandshakeRsa, tlsKeepalive, tlsResumed } from './scenarios/tls.ts';
import { websocket } from './scenarios/websocket.ts';

/** All scenarios, in the order in which they run. */
export const SCENARIOS: readonly Scenario[] = [
  keepalive64,
  keepalive256,
  keepaliveVaried,
  connectionPerRequest,
  body1mb,
  rules100Sticky,
  rules10000,
  websocket,
  tlsHandshakeP256,
  tlsHandshakeRsa,
  tlsResumed,
  tlsKeepalive,
  memory,
  applyLatency10,
  applyLatency1000,
  healthChecks,
  healthChecksLoopback,
  coldStart,
  certificates,
  controlPlane,
];

/** Scenarios whose name is one of the given ones, or begins with one that is no scenario's own; all when none is given. */
export function chooseScenarios(names: readonly string[]): readonly Scenario[] {
  for (const name of names) {
    if (SCENARIOS.some((scenario) => scenario.name.startsWith(name))) continue;
    throw new Error(
      `no scenario is called ${name}; there are ${SCENARIOS.map((scenario) => scenario.name).join(', ')}`,
    );
  }
  const isNamed = (name: string) => SCENARIOS.some((scenario) => scenario.name === name);
  const isMeant = ({ name }: Scenario) =>
    names.some((given) => (isNamed(given) ? name === given : name.startsWith(given)));
  return names.length === 0 ? SCENARIOS : SCENARIOS.filter(isMeant);
}
