import { TOKEN_LOWER } from './characters.ts';
import { Field } from './field-names.ts';
import { eachListElement, equalsIgnoringCase, type FieldTable } from './fields.ts';

/** What a `Connection` field says, as bits (RFC 9110 section 7.6.1). */
export const ConnectionOption = {
  close: 1,
  keepAlive: 2,
  /** It names other fields than Upgrade, which end here. */
  names: 4,
  /** It asks for the protocol that Upgrade names, or switches to it (RFC 9110 section 7.8). */
  upgrade: 8,
} as const;

/** The options of all `Connection` fields of a head, of which `first` is the index of the first one. */
export function readAllConnectionOptions(memory: Uint8Array, fields: FieldTable, first: number): number {
  let options = readConnectionOptions(memory, fields.valueStart(first), fields.valueEnd(first));
  if ((fields.repeated & (1 << Field.connection)) === 0) return options;
  for (let i = first + 1; i < fields.count; i++) {
    if (fields.code(i) !== Field.connection) continue;
    options |= readConnectionOptions(memory, fields.valueStart(i), fields.valueEnd(i));
  }
  return options;
}

function readConnectionOptions(memory: Uint8Array, start: number, end: number): number {
  if (equalsIgnoringCase(memory, start, end, 'keep-alive')) return ConnectionOption.keepAlive;
  if (equalsIgnoringCase(memory, start, end, 'close')) return ConnectionOption.close;
  let options = 0;
  eachListElement(memory, start, end, (from, to) => {
    if (equalsIgnoringCase(memory, from, to, 'close')) options |= ConnectionOption.close;
    else if (equalsIgnoringCase(memory, from, to, 'keep-alive')) options |= ConnectionOption.keepAlive;
    else if (equalsIgnoringCase(memory, from, to, 'upgrade')) options |= ConnectionOption.upgrade;
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
      if (TOKEN_LOWER[memory[from + i]!] !== TOKEN_LOWER[memory[nameStart + i]!]) return true;
    }
    return false;
  });
}
