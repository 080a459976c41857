import { eachListElement, equalsIgnoringCase } from './fields.ts';

/** What a `Connection` field says, as bits (RFC 9110 section 7.6.1). */
export const ConnectionOption = {
  close: 1,
  keepAlive: 2,
  /** It names other fields, which end here. */
  names: 4,
} as const;

export function readConnectionOptions(memory: Uint8Array, start: number, end: number): number {
  if (equalsIgnoringCase(memory, start, end, 'keep-alive')) return ConnectionOption.keepAlive;
  if (equalsIgnoringCase(memory, start, end, 'close')) return ConnectionOption.close;
  let options = 0;
  eachListElement(memory, start, end, (from, to) => {
    if (equalsIgnoringCase(memory, from, to, 'close')) options |= ConnectionOption.close;
    else if (equalsIgnoringCase(memory, from, to, 'keep-alive')) options |= ConnectionOption.keepAlive;
    else options |= ConnectionOption.names;
    return true;
  });
  return options;
}

/** Whether a field with this exact name is among the options of the `Connection` value memory[start, end). */
export function connectionNames(
  memory: Uint8Array,
  start: number,
  end: number,
  nameStart: number,
  nameEnd: number,
): boolean {
  return !eachListElement(memory, start, end, (from, to) => {
    if (to - from !== nameEnd - nameStart) return true;
    for (let i = 0; i < to - from; i++) {
      if ((memory[from + i]! | 32) !== (memory[nameStart + i]! | 32)) return true;
    }
    return false;
  });
}
