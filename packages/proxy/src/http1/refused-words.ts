import type { RequestRecord } from '../telemetry/request-record.ts';
import { SP, TARGET, TOKEN_LOWER } from './characters.ts';

/**
 * Tells the record what of method and target can be read in a head that was refused, memory[start, end): for the log,
 * which is asked about those requests most. A target in doubt ends at the first byte that belongs to none.
 */
export function rememberRefusedWords(record: RequestRecord, memory: Uint8Array, start: number, end: number): void {
  let at = start;
  while (at < end && TOKEN_LOWER[memory[at]!] !== 0) at++;
  if (at === start || at === end || memory[at] !== SP) return;
  record.methodStart = start;
  record.methodEnd = at;
  record.targetStart = ++at;
  while (at < end && TARGET[memory[at]!] === 1) at++;
  record.targetEnd = at;
}
