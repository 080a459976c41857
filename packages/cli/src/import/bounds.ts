import { type Findings, NotCarried, type Origin } from './findings.ts';

export interface Bounds {
  readonly minimum: number;
  readonly maximum: number;
}

/**
 * Whole seconds within the bounds for a time in milliseconds. What is not the same is told: times are rounded up, as one
 * that is too short breaks more than one that is too long.
 */
export function secondsWithin(milliseconds: number, bounds: Bounds, origin: Origin, findings: Findings): number {
  const seconds = clamp(Math.ceil(milliseconds / 1000), bounds);
  if (seconds * 1000 !== milliseconds) {
    findings.add('differs', origin, `becomes ${seconds} s: ${bounds.minimum} to ${bounds.maximum} whole seconds`);
  }
  return seconds;
}

/** A whole number within the bounds. */
export function numberWithin(value: number, bounds: Bounds, origin: Origin, findings: Findings): number {
  if (!Number.isFinite(value)) throw new NotCarried('has no number where one belongs');
  const within = clamp(Math.round(value), bounds);
  if (within !== value)
    findings.add('differs', origin, `becomes ${within}: ${bounds.minimum} to ${bounds.maximum} are possible`);
  return within;
}

function clamp(value: number, { minimum, maximum }: Bounds): number {
  return Math.min(maximum, Math.max(minimum, value));
}
