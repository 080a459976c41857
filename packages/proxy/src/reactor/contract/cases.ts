import { arrivalCases } from './arrival.cases.ts';
import { borrowedCases } from './borrowed.cases.ts';
import { bufferCases } from './buffers.cases.ts';
import { closingCases } from './closing.cases.ts';
import { datagramCases } from './datagram.cases.ts';
import type { ContractCase } from './harness.ts';
import { listeningCases } from './listening.cases.ts';
import { pacingCases } from './pacing.cases.ts';
import { pausingCases } from './pausing.cases.ts';
import { timeCases } from './time.cases.ts';
import { transferCases } from './transfer.cases.ts';
import { transparentCases } from './transparent.cases.ts';

/** What every reactor does. */
export const CONTRACT: readonly ContractCase[] = [
  ...transferCases,
  ...closingCases,
  ...arrivalCases,
  ...pausingCases,
  ...pacingCases,
  ...timeCases,
  ...bufferCases,
  ...listeningCases,
  ...borrowedCases,
  ...transparentCases,
  ...datagramCases,
];
