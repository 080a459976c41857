import type { SimulatedNetwork } from '@evenkeel/proxy/reactor/simulated/network.ts';
import type { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';
import type { Mood } from '../http/mood.ts';
import type { SimulatedOrigin } from '../http/origin.ts';
import { drawMood } from './scenario.ts';

/** An origin that changes its mood, dies and comes back, until all trouble is over. */
export class TroubledOrigin {
  readonly #network: SimulatedNetwork;
  readonly #random: Random;
  readonly #origin: SimulatedOrigin;
  #mood: Mood | null = null;
  #isDead = false;

  /** `make`: an origin that asks for its mood. */
  constructor(network: SimulatedNetwork, random: Random, make: (mood: () => Mood | null) => SimulatedOrigin) {
    this.#network = network;
    this.#random = random;
    this.#origin = make(() => this.#mood);
    this.#origin.listen();
  }

  /** `until`: from this moment on it is well. */
  begin(until: number): void {
    const { now } = this.#network;
    const next = now + this.#random.real([1, this.#random.pick([100, 800, 2_500])]);
    if (now >= until) {
      this.#feel(null);
      return;
    }
    this.#feel(drawMood(this.#random));
    this.#network.at(Math.min(next, until), () => this.begin(until));
  }

  #feel(mood: Mood | 'dead' | null): void {
    const isDead = mood === 'dead';
    this.#mood = isDead ? null : mood;
    if (isDead && !this.#isDead) this.#origin.kill();
    if (!isDead && this.#isDead) this.#origin.listen();
    this.#isDead = isDead;
  }
}
