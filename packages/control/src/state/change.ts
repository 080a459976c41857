import type { IdSource } from '@evenkeel/model/identifiers.ts';
import type { Quotas } from '@evenkeel/model/limits.ts';
import type { ResourceKind } from '@evenkeel/model/resources/operation.ts';
import type { AddressPools } from '../resources/addresses.ts';
import type { Deletions } from '../resources/deletion-guard.ts';
import type { AnyRecord } from './records.ts';

export interface DraftContext {
  /** Unix milliseconds. */
  readonly now: number;
  readonly ids: IdSource;
  readonly quotas: Quotas;
  readonly pools: AddressPools;
  /** Bytes that nobody can guess. */
  readonly secret: (bytes: number) => Buffer;
  /** What guards load balancers against deletion by mistake; absent: nothing does. */
  readonly deletions?: Deletions | undefined;
}

/** One object that a draft touched: null before when it is new, null after when it is gone. */
export interface Change {
  readonly kind: ResourceKind;
  readonly id: string;
  readonly before: AnyRecord | null;
  readonly after: AnyRecord | null;
}
