import { parentPort, workerData } from 'node:worker_threads';
import { NodeSockets } from '../overload/node-sockets.ts';
import { createReactor } from '../reactor/choose.ts';
import { run } from '../reactor/run.ts';
import { takeTimeSlice } from '../reactor/time-slice.ts';
import { AccessLog } from '../telemetry/access-log.ts';
import { AccessLogRing } from '../telemetry/access-log-ring.ts';
import { WorkerCell } from '../telemetry/cells.ts';
import { WorkerContext } from './context.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import { Proxy } from './proxy.ts';
import type { WorkerData } from './worker-data.ts';
import { WorkerRows } from './worker-rows.ts';

/** How often a worker writes down how it is, in milliseconds. */
const REPORT_INTERVAL = 250;

/** Microseconds. Short, so that traffic does not wait for other threads; longer than nearly all turns of the reactor. */
const TIME_SLICE = 200;

if (parentPort === null) throw new Error('this file is the body of a worker thread');
const port = parentPort;
const data = workerData as WorkerData;

takeTimeSlice(TIME_SLICE);
const { reactor, reason, stop } = createReactor(data.reactor, {
  ...(data.buffers === undefined ? {} : { buffers: data.buffers }),
  wakeDescriptor: data.wake,
  trace: data.trace,
});
const rows = new WorkerRows(data.counters);
const sockets = new NodeSockets(data.counters.sockets, data.index, data.descriptorLimit, data.counters.listening);
const context = new WorkerContext(reactor, new AccessLog(new AccessLogRing(data.ring), reactor), sockets);
const shares = { of: data.workers, mine: [] };
const proxy = new Proxy(context, rows, shares, (failure) => tell({ type: 'certificate-failed', ...failure }));

function tell(message: FromWorker): void {
  port.postMessage(message);
}

function report(): void {
  rows.own[WorkerCell.openConnections] = reactor.open;
  rows.own[WorkerCell.freeBuffers] = reactor.arena.free;
  const { overload } = context;
  rows.own[WorkerCell.overload] = overload.bits;
  rows.own[WorkerCell.standingDelay] = overload.delay;
  rows.own[WorkerCell.shedShare] = overload.share;
  rows.own[WorkerCell.waitingHeads] = overload.waiting.count;
  rows.own[WorkerCell.beats]!++;
  reactor.setTimer(REPORT_INTERVAL, report);
}

function onMessage(message: ToWorker): void {
  switch (message.type) {
    case 'apply':
      proxy.apply(message, (refused) => tell({ type: 'applied', sequence: message.sequence, refused }));
      return;
    case 'accept':
      proxy.accept(message.mine);
      return;
    case 'stop':
      proxy.stop(message.drainMilliseconds, end);
      return;
    case 'retire':
      proxy.retire(message.drainMilliseconds, end);
      return;
  }
}

function end(): void {
  tell({ type: 'stopped' });
  stop();
}

context.overload.start();
report();
if (reactor.name === 'uring') tell({ type: 'ready', reactor: reactor.name, reason, remains: reactor.remains });
else tell({ type: 'ready', reactor: reactor.name, reason, remains: null });
await run(reactor, port, onMessage);
