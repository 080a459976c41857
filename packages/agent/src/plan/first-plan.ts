import type { Clock, Timer } from '../clock/clock.ts';

/** Milliseconds on an open stream after which nobody waits for the first plan of a node before going on. */
const PATIENCE = 2000;

/**
 * What a node without a plan waits for: that the plan on its disk is read; a credential that the control plane takes; that
 * the control plane can be reached; that its plan comes, and is in force.
 */
export type WaitsFor = 'disk' | 'credential' | 'control-plane' | 'plan';

/** A node until it has something to serve: what it waits for, and who waits for it. */
export class FirstPlan {
  readonly #clock: Clock;
  readonly #settled = Promise.withResolvers<void>();
  readonly #inForce = Promise.withResolvers<void>();
  #waitsFor: WaitsFor | null = 'disk';
  #timer: Timer | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Null: a plan is in force, or has been. */
  get waitsFor(): WaitsFor | null {
    return this.#waitsFor;
  }

  /** Resolves when there is a plan, or when there will be none for now. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  /** Resolves when there is a plan. */
  get inForce(): Promise<void> {
    return this.#inForce.promise;
  }

  /** The disk has none: the control plane is asked. */
  asked(): void {
    if (this.#waitsFor !== null) this.#waitsFor = 'control-plane';
  }

  connected(): void {
    if (this.#waitsFor !== null) this.#waitsFor = 'plan';
    this.#timer ??= this.#clock.setTimer(PATIENCE, () => this.#settled.resolve());
  }

  /** There is no stream, for want of this. */
  unreachable(missing: 'credential' | 'control-plane'): void {
    if (this.#waitsFor !== null) this.#waitsFor = missing;
    this.#settled.resolve();
  }

  applied(): void {
    this.#waitsFor = null;
    this.#inForce.resolve();
    this.#settled.resolve();
  }

  /** The node ends: nobody waits any more. */
  stop(): void {
    this.#timer?.cancel();
    this.#settled.resolve();
  }
}
