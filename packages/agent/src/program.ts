import { writeSync } from 'node:fs';
import { createEngine } from '@evenkeel/proxy/engine/create.ts';
import { WorkerHang } from '@evenkeel/proxy/engine/worker-watch.ts';
import { endProcess } from '@evenkeel/proxy/reactor/end-process.ts';
import { engineThreadsGiveWay, limitTimeSlices } from '@evenkeel/proxy/reactor/time-slice.ts';
import { pino } from 'pino';
import agentPackage from '../package.json' with { type: 'json' };
import { NodeAgent } from './agent.ts';
import { NodeBlockLists } from './block-list/node-block-lists.ts';
import { systemClock } from './clock/clock.ts';
import { datapathEngine } from './datapath/open-kernel-path.ts';
import { Home } from './home.ts';
import { NodeMembership } from './membership/node-membership.ts';
import { type AgentSettings, parseSettings, USAGE } from './options.ts';
import { ProbingThread } from './probing/probing-thread.ts';
import { SharingKeys } from './sharing/sharing-keys.ts';
import { ZoneMembership } from './sharing/zone-membership.ts';
import { StartError, WRONG_OPTION, WrongOption } from './start-error.ts';
import { Channel, supervisionOf } from './supervision/channel.ts';
import { Upgrade } from './supervision/upgrade.ts';
import { ControlCounts } from './telemetry/control-counts.ts';
import { MetricsServer } from './telemetry/metrics-server.ts';
import { written } from './telemetry/written-log.ts';

/** Bytes of log that may wait for a slow reader of standard error; what comes beyond is dropped. */
const LOG_BACKLOG = 1024 * 1024;

/** Milliseconds that an end waits for the log to be written. */
const LOG_MOMENT = 250;

/** Microseconds that a thread runs before a worker on the same core has its turn. Workers have shorter ones. */
const TIME_SLICE = 500;

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
  await written(stderr, LOG_MOMENT);
  fail(error);
}

async function run(settings: AgentSettings): Promise<void> {
  limitTimeSlices(TIME_SLICE);
  engineThreadsGiveWay();
  const log = pino({ level: settings.logLevel, base: { component: 'agent' } }, stderr);
  const supervision = supervisionOf(process.env);
  if (settings.standby && supervision === null) throw new WrongOption('--standby is for the supervisor: leave it out');
  const home = await Home.open(settings.home);
  const nodeId = await home.nodeId(settings.nodeName);
  const counts = new ControlCounts();
  let agent: NodeAgent | null = null;
  const engine = await createEngine({
    workers: settings.workers,
    reactor: settings.reactor,
    ...(supervision === null ? {} : { hold: supervision.hold }),
    onUnheld: (code) => {
      log.error({ code }, 'not all listening sockets would outlive this process; raise its limit of open files');
    },
    onWorkerStuck: (worker) => fail(new Error(`traffic worker ${worker} hangs and cannot be ended`)),
    onWorkerDeath: (worker, error) => {
      counts.workerDeaths++;
      const hung = error instanceof WorkerHang;
      if (hung) counts.workerHangs++;
      log.error(
        { err: error, worker },
        hung
          ? 'a traffic worker hung and is ended with its connections and replaced; if it does so again, report what it was busy with'
          : 'a traffic worker has died with its connections and is replaced; if it does so again, report the error',
      );
    },
    onStanding: (standing) => agent?.standingChanged(standing),
    onCertificateFailure: (failure) => agent?.certificateFailed(failure),
  }).catch((error: Error) => {
    throw new StartError(`the data plane did not start: ${error.message}`, { cause: error });
  });
  const keys = new SharingKeys({
    file: home.zoneKeysFile,
    readToken: async () => (await home.readCredential()).token,
    log,
  });
  await keys.load();
  const zoneMembership = new ZoneMembership({
    ...settings.sharing,
    nodeId,
    keys,
    clock: systemClock,
    random: Math.random,
    log,
    isJudged: () => agent?.isJudged === true,
    onReport: () => agent?.sharingChanged(),
  });
  const { path, kernelRecordFile } = home;
  const datapath = datapathEngine(engine, settings.datapath, path, kernelRecordFile, log, zoneMembership);
  const watch = new ProbingThread({ reactor: settings.reactor, clock: systemClock, log });
  const membership = await NodeMembership.open({
    ...settings,
    // Whoever takes over has what the other has joined with.
    ...(settings.standby && { joinToken: undefined, joinTokenFile: undefined }),
    home,
    nodeId,
    clock: systemClock,
    random: Math.random,
    log,
  });
  agent = new NodeAgent({
    ...settings,
    zone: membership.zone,
    home,
    membership,
    nodeId,
    version: agentPackage.version,
    engine,
    datapath,
    zoneMembership,
    blockLists: new NodeBlockLists({
      path: home.blockListFile,
      engine: datapath,
      changed: (tenantId, entries) => datapath.blockListChanged(tenantId, entries),
      clock: systemClock,
      random: Math.random,
      log,
    }),
    counts,
    watch,
    probes: watch.counts,
    clock: systemClock,
    random: Math.random,
    log,
  });
  const { reactor, reactorReason: reason, workers } = engine;
  let metrics: MetricsServer | null = null;
  const listen = async (): Promise<void> => {
    metrics = await listenForMetrics(settings, agent, log);
  };
  if (!settings.standby) await listen();
  log.info({ reactor, reason, workers }, 'the data plane is up');

  let stopping = false;
  let serving = !settings.standby;
  const finish = (ended: Promise<void>): void => {
    ended
      .then(() => metrics?.close())
      .finally(() => written(stderr, LOG_MOMENT))
      .then(() => end(0), fail);
  };
  const stop = (reason: string, code: number, isWanted = true): void => {
    // One that stands by has the sockets of the other, which must go on listening.
    if (stopping || !serving) {
      end(code, log.isLevelEnabled('warn') ? entry(40, { reason, msg: 'ending at once' }) : null);
    }
    stopping = true;
    log.info({ reason, drainMilliseconds: settings.drainTimeout }, 'draining');
    finish(agent.stop(settings.drainTimeout, isWanted));
  };
  const tell = (event: 'ready' | 'waiting'): void => {
    const { waitsFor } = agent.first;
    const what = { event, node: nodeId, reactor, reason, workers, metricsUrl: metrics?.url };
    if (!stopping) process.stdout.write(`${JSON.stringify({ ...what, ...(event === 'waiting' && { waitsFor }) })}\n`);
  };
  /** That the node is ready; or that it has no plan yet, and then, once it has one, that it is. */
  const tellStanding = (): void => {
    const { waitsFor, inForce } = agent.first;
    if (waitsFor === null) {
      tell('ready');
      return;
    }
    log.warn({ waitsFor }, 'this node has no plan yet: it is not ready, and serves nothing');
    tell('waiting');
    void inForce.then(() => {
      log.info('the first plan is in force');
      tell('ready');
    });
  };
  process.on('SIGTERM', () => stop('SIGTERM', 143));
  process.on('SIGINT', () => stop('SIGINT', 130));
  process.on('SIGHUP', () => agent.reopenAccessLog());
  if (settings.supervised) process.stdin.on('close', () => stop('standard input has ended', 1, false)).resume();

  const upgrade = new Upgrade(
    {
      freeze: () => agent.freeze(),
      async load(health) {
        engine.restoreSockets();
        const planVersion = await agent.load(health);
        return { planVersion, sockets: engine.sockets.open };
      },
      async pause() {
        engine.accept(false);
        await metrics?.close();
        metrics = null;
      },
      async go() {
        serving = true;
        engine.accept(true);
        await listen();
        await agent.connect();
        tellStanding();
      },
      async resume() {
        engine.reclaimSockets();
        engine.accept(true);
        if (metrics === null) await listen();
        await agent.thaw();
      },
      retire(drainMilliseconds) {
        log.info({ drainMilliseconds }, 'another node agent serves in place of this one');
        finish(agent.retire(drainMilliseconds));
      },
    },
    log,
  );
  const channel =
    supervision === null ? null : new Channel(supervision.channel, (command, from) => upgrade.take(command, from));
  if (settings.standby) {
    engine.accept(false);
    channel?.tell({ event: 'standby' });
    return;
  }
  if (supervision !== null) {
    const sockets = engine.restoreSockets();
    if (sockets > 0) log.info({ sockets }, 'accepting from the sockets of the node agent before this one');
  }
  await agent.start();
  tellStanding();
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
  const code = error instanceof WrongOption ? WRONG_OPTION : 1;
  if (error instanceof StartError) end(code, `evenkeel-agent: ${error.message}`);
  const msg = `unexpected error: ${error instanceof Error ? error.stack : String(error)}`;
  end(1, entry(60, { msg }));
}

/** A line as the log writes it. */
function entry(level: number, what: Readonly<Record<string, string>>): string {
  return JSON.stringify({ level, time: Date.now(), component: 'agent', ...what });
}

/** The log's own writes are asynchronous and may not be out when the process is gone; the last line must be. */
function end(code: number, lastLine: string | null = null): never {
  try {
    stderr.flushSync();
    if (lastLine !== null) writeSync(2, `${lastLine}\n`);
  } catch {
    // Standard error is gone or full; there is nobody to tell.
  }
  endProcess(code);
}
