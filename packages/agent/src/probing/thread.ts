import { parentPort, workerData } from 'node:worker_threads';
import { createReactor } from '@evenkeel/proxy/reactor/choose.ts';
import { run } from '@evenkeel/proxy/reactor/run.ts';
import { LocalWatch } from '../health/local-watch.ts';
import type { ChangedJudgement, FromProbing, Order, ProbingData, ToProbing } from './messages.ts';
import { ProbeCounts } from './probe-counts.ts';
import { ReactorProber } from './reactor-prober.ts';

/** The body of the probing thread: probes and judges over a reactor of its own. */

/** Buffers: two for each of the probes that run at a time. Of a buffer, only what was used takes memory. */
const BUFFERS = 512;
/** Sockets of probes that have ended and wait for the next: more than begin together, so that few are ever made or closed. */
const SPARE_SOCKETS = 64;
/** Milliseconds between two reports of the load. */
const REPORT_INTERVAL = 250;

if (parentPort === null) throw new Error('this file is the body of a worker thread');
const port = parentPort;
const data = workerData as ProbingData;

const { reactor, stop } = createReactor(data.reactor, {
  buffers: BUFFERS,
  wakeDescriptor: data.wake,
  spareSockets: SPARE_SOCKETS,
  // An answer is one receive, and a receive that wants more would have to be cancelled.
  limitedReceives: false,
});
const counts = new ProbeCounts(data.counts);
const watch = new LocalWatch({
  clock: {
    now: () => reactor.now,
    wallTime: () => Math.round(reactor.wallTime),
    setTimer: (delay, callback) => reactor.setTimer(delay, callback),
  },
  random: Math.random,
  prober: new ReactorProber(reactor),
  onProbed: ({ check }, outcome, duration) => counts.probed(check.protocol, outcome, duration),
});

let changes: ChangedJudgement[] = [];
watch.onChange = (id, state, flapping) => {
  // One message for all of a tick: ten thousand targets that are new are well within the same second.
  if (changes.length === 0) reactor.setTimer(0, tell);
  changes.push({ id, state, flapping });
};

function tell(): void {
  port.postMessage({ type: 'changes', changes } satisfies FromProbing);
  changes = [];
}

function report(): void {
  counts.report(watch.load, reactor.now);
  reactor.setTimer(REPORT_INTERVAL, report);
}

function carryOut(order: Order): void {
  switch (order.kind) {
    case 'begin':
      watch.begin(order.id, order.target, order.limits, order.beginning);
      return;
    case 'authority':
      watch.setAuthority(order.id, order.planned);
      return;
    case 'adjust':
      watch.adjust(order.id, order.limits);
      return;
    case 'end':
      watch.end(order.id);
      return;
  }
}

function onMessage(message: ToProbing): void {
  switch (message.type) {
    case 'orders':
      for (const order of message.orders) carryOut(order);
      return;
    case 'gather': {
      const { id } = message;
      watch.collect(message.request, (evidence) => {
        port.postMessage({ type: 'evidence', id, evidence } satisfies FromProbing);
      });
      return;
    }
    case 'stop':
      void watch.stop();
      stop();
      return;
  }
}

report();
await run(reactor, port, onMessage);
