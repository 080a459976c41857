import { Worker } from 'node:worker_threads';
import { DatapathUnavailable } from './libbpf.ts';
import type { InKernel, LoadOptions } from './load.ts';

export interface LoadOrder {
  readonly path: string;
  readonly options: LoadOptions;
}

/** What the thread says, once. */
export type LoadReport = { readonly loaded: InKernel } | { readonly problem: string; readonly isUnavailable: boolean };

/**
 * Loads an object on a thread of its own, whose stack is as large as the main one's. Descriptors and handles are the
 * process's, so they are good here as well. Rejects as `loadHandle` throws.
 */
export function loadOnThread(order: LoadOrder): Promise<InKernel> {
  const { promise, resolve, reject } = Promise.withResolvers<InKernel>();
  const thread = new Worker(new URL('./load-thread.ts', import.meta.url), {
    workerData: order,
    trackUnmanagedFds: false, // descriptors that libbpf has opened are closed by Node
  });
  thread.once('message', (report: LoadReport) => {
    if ('loaded' in report) resolve(report.loaded);
    else reject(report.isUnavailable ? new DatapathUnavailable(report.problem) : new Error(report.problem));
  });
  thread.once('error', reject);
  thread.once('exit', (code) => reject(new Error(`loading ${order.path}: the thread has ended with ${code}`)));
  return promise;
}
