// A thread that loads one object into the kernel and says what came of it.
import { parentPort, workerData } from 'node:worker_threads';
import { DatapathUnavailable } from './libbpf.ts';
import { loadHandle } from './load.ts';
import type { LoadOrder, LoadReport } from './load-on-thread.ts';

const { path, options } = workerData as LoadOrder;
parentPort!.postMessage(outcome());

function outcome(): LoadReport {
  try {
    return { loaded: loadHandle(path, options) };
  } catch (error) {
    return { problem: (error as Error).message, isUnavailable: error instanceof DatapathUnavailable };
  }
}
