import type { FieldTable } from './fields.ts';

/** What is changed of the fields of a head beside what every head is changed. */
export interface FieldChanges {
  /** Lines that come: memory[linesStart, linesEnd), outside of the head. */
  readonly linesStart: number;
  readonly linesEnd: number;
  /** The lines have a Host, and the one that is there goes. */
  readonly replacesHost: boolean;
  /** Something is said of Date: none is added that the changes did not add. */
  readonly namesDate: boolean;
  /** Whether a field goes. Never one that the message's end or its way depends on. */
  removes(memory: Uint8Array, fields: FieldTable, index: number): boolean;
}
