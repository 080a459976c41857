import { parentPort, workerData } from 'node:worker_threads';
import { createReactor } from '../reactor/choose.ts';
import { runReactor } from '../reactor/run.ts';
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
