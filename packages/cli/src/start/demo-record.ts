import { readFileSync, writeFileSync } from 'node:fs';
import { explainFileError } from './failure.ts';

export interface OriginPlace {
  readonly name: string;
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
}

export interface ActiveDemo {
  /**
   * `creating` is written before the API is called, with the idempotency key of the call, so that a start that was
   * killed in between is repeated by the next one without making a second load balancer.
   */
  readonly state: 'creating' | 'created';
  readonly key: string;
  readonly origins: readonly OriginPlace[];
  /** Of its listener; null until it is chosen. */
  readonly port: number | null;
  readonly loadBalancerId: string | null;
  /** Where the load balancer answers. */
  readonly url: string | null;
}

/** What a home remembers about the demo; `off`: it was not wanted, or its load balancer has been deleted. */
export type DemoRecord = { readonly state: 'off' } | ActiveDemo;

/** null when there is none: nothing has been started on this home before. */
export function readDemo(path: string): DemoRecord | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as DemoRecord;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    if (error instanceof SyntaxError) return { state: 'off' };
    throw explainFileError(path, error);
  }
}

export function writeDemo(path: string, demo: DemoRecord): void {
  try {
    writeFileSync(path, `${JSON.stringify(demo, null, 2)}\n`, { mode: 0o600 });
  } catch (error) {
    throw explainFileError(path, error);
  }
}

/** The demo to run now, or null. The first start on a home decides for all. */
export function chooseDemo(path: string, wanted: boolean): ActiveDemo | null {
  const record = readDemo(path);
  if (record === null) {
    if (wanted) return freshDemo();
    writeDemo(path, { state: 'off' });
    return null;
  }
  return record.state === 'off' || !wanted ? null : record;
}

function freshDemo(): ActiveDemo {
  const origins = [1, 2].map((i) => ({ name: `origin-${i}`, address: `127.0.0.${10 + i}`, port: 0 }));
  return { state: 'creating', key: crypto.randomUUID(), origins, port: null, loadBalancerId: null, url: null };
}
