import type { Static, TSchema } from 'typebox';
import type { Contract, OperationName } from './contract.ts';

/** Types of a call, taken from its route. */
type Part<K extends OperationName, P extends string> = Contract[K] extends {
  readonly [Q in P]: infer S extends TSchema;
}
  ? Static<S>
  : undefined;

export type ParamsOf<K extends OperationName> = Part<K, 'params'>;
export type QueryOf<K extends OperationName> = Part<K, 'query'>;
export type BodyOf<K extends OperationName> = Part<K, 'body'>;
export type ResponseOf<K extends OperationName> = Static<Contract[K]['response']>;
