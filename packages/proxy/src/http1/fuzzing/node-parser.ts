import { createRequire } from 'node:module';

/** The part of Node's own binding to llhttp that is used here. It is no public interface, and so only for tests. */
export interface LowLevelParser {
  initialize(type: number, resource: object, maxHeaderSize: number, lenientFlags: number): void;
  execute(bytes: Uint8Array): number | Error;
  finish(): Error | undefined;
  [callback: number]: unknown;
}
interface LowLevelParserClass {
  new (): LowLevelParser;
  readonly REQUEST: number;
  readonly RESPONSE: number;
  readonly kOnHeaders: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
  readonly kLenientNone: number;
}

export const { HTTPParser, methods } = createRequire(import.meta.url)('_http_common') as {
  HTTPParser: LowLevelParserClass;
  methods: readonly string[];
};

export function pairs(flat: readonly string[]): [string, string][] {
  const result: [string, string][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) result.push([flat[i]!, flat[i + 1]!]);
  return result;
}

/** Node's code and reason for what its parser refused. */
export function codeOf(error: Error): string {
  return `${'code' in error ? error.code : ''} ${'reason' in error ? error.reason : ''}`;
}
