import { writeSync } from 'node:fs';
import { createEngine } from '@evenkeel/proxy/engine/create.ts';
import { pino } from 'pino';
import agentPackage from '../package.json' with { type: 'json' };
import { NodeAgent } from './agent.ts';
import { systemClock } from './clock/clock.ts';
import { Home } from './home.ts';
import { type AgentSettings, parseSettings, USAGE } from './options.ts';
import { ProbingThread } from './probing/probing-thread.ts';
import { StartError } from './start-error.ts';
import { ControlCounts } from './telemetry/control-counts.ts';
import { MetricsServer } from './telemetry/metrics-server.ts';

/** Bytes of log that may wait for a slow reader of standard error; what comes beyond is dropped. */
const LOG_BACKLOG = 1024 * 1024;

const stderr = pino.destination({ fd: 2, sync: false, maxLength: LOG_BACKLOG });
// Whoever reads our output may be gone; that is no reason to drop connections.
stderr.on('error', () => undefined);
process.stdout.on('error', () => undefined);

process.on('uncaughtException', (error) => fail(error));
process.on('unhandledRejection', (error) => fail(error));

try {
  const settings = parseSettings(process.argv.slice(2), process.env);
  if (settings === null) process.stdout.write(USAGE);
  else await run(settings);
} catch (error) {
  fail(error);
}

async function run(settings: AgentSettings): Promise<void> {
  const log = pino({ level: settings.logLevel, base: { component: 'agent' } }, stderr);
  const home = await Home.open(settings.home);
  const nodeId = await home.nodeId(settings.nodeName);
  const counts = new ControlCounts();
  let agent: NodeAgent | null = null;
  const engine = await createEngine({
    workers: settings.workers,
    reactor: settings.reactor,
    onWorkerDeath: (worker, error) => {
      counts.workerDeaths++;
      log.error({ err: error, worker }, 'a traffic worker has died with its connections and is replaced');
    },
    onCertificateFailure: (failure) => agent?.certificateFailed(failure),
  }).catch((error: Error) => {
    throw new StartError(`the data plane did not start: ${error.message}`, { cause: error });
  });
  const watch = new ProbingThread({ reactor: settings.reactor, clock: systemClock, log });
  agent = new NodeAgent({
    ...settings,
    home,
    nodeId,
    version: agentPackage.version,
    engine,
    counts,
    watch,
    probes: watch.counts,
    clock: systemClock,
    random: Math.random,
    log,
  });
  const metrics = await listenForMetrics(settings, agent, log);
  const { reactor, reactorReason: reason, workers } = engine;
  log.info({ reactor, reason, workers }, 'the data plane is up');

  let stopping = false;
  const stop = (reason: string, code: number): void => {
    if (stopping) {
      log.warn({ reason }, 'ending at once');
      end(code);
    }
    stopping = true;
    log.info({ reason, drainMilliseconds: settings.drainTimeout }, 'draining');
    agent
      .stop(settings.drainTimeout)
      .then(() => metrics.close())
      .then(() => end(0), fail);
  };
  process.on('SIGTERM', () => stop('SIGTERM', 143));
  process.on('SIGINT', () => stop('SIGINT', 130));
  process.on('SIGHUP', () => agent.reopenAccessLog());
  if (settings.supervised) process.stdin.on('close', () => stop('standard input has ended', 1)).resume();

  await agent.start();
  const ready = { event: 'ready', node: nodeId, reactor, reason, workers, metricsUrl: metrics.url };
  if (!stopping) process.stdout.write(`${JSON.stringify(ready)}\n`);
}

async function listenForMetrics(settings: AgentSettings, agent: NodeAgent, log: pino.Logger): Promise<MetricsServer> {
  const { metricsHost: host, metricsPort: port } = settings;
  const snapshot = () => agent.snapshot();
  const health = () => agent.health();
  return MetricsServer.listen({ host, port, log, snapshot, health }).catch((error: NodeJS.ErrnoException) => {
    throw new StartError(
      error.code === 'EADDRINUSE'
        ? `port ${port} on ${host} is taken; is another node agent running? Choose another --metrics-port`
        : `cannot serve metrics on ${host} port ${port} (${error.code}); choose another --metrics-host or --metrics-port`,
    );
  });
}

/** Ends with a last line that says why: a sentence for what a person can mend, an entry of the log for a defect. */
function fail(error: unknown): never {
  if (error instanceof StartError) end(1, `evenkeel-agent: ${error.message}`);
  const msg = `unexpected error: ${error instanceof Error ? error.stack : String(error)}`;
  end(1, JSON.stringify({ level: 60, time: Date.now(), component: 'agent', msg }));
}

/** The log's own writes are asynchronous and may not be out when the process is gone; the last line must be. */
function end(code: number, lastLine?: string): never {
  try {
    stderr.flushSync();
    if (lastLine !== undefined) writeSync(2, `${lastLine}\n`);
  } catch {
    // Standard error is gone or full; there is nobody to tell.
  }
  process.exit(code);
}
