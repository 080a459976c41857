import { FORWARDING, isLoopback, type Machine } from './decide.ts';

/** Where what is seen of the machine comes from. */
export interface MachineSource extends Pick<Machine, 'forwards' | 'firstLocalPort' | 'refusesAnswers'> {
  /** Whether `refusesAnswers` might say something else than before; it does from here on. */
  readonly isNewsOfAnswers: () => boolean;
  readonly devices: () => readonly string[];
  /** All but those of loopback. */
  readonly ownAddresses: () => readonly string[];
}

/** What is different from the look before. */
export interface MachineNews {
  /** Whether it forwards packets, or the ports that it gives to connections of its own. */
  readonly rules: boolean;
  readonly devices: boolean;
  /** Whether what it makes of answers of targets may be something else. */
  readonly answers: boolean;
  /** Addresses that it has now and had not, or the other way round. */
  readonly addresses: ReadonlySet<string>;
}

/** This machine as the kernel datapath has to know it; its addresses are those of the last look. */
export class MachineView implements Machine {
  readonly #source: MachineSource;
  #rules: string;
  #devices: string;
  #own: ReadonlySet<string>;

  constructor(source: MachineSource) {
    this.#source = source;
    this.#rules = rulesOf(source);
    this.#devices = source.devices().join();
    this.#own = new Set(source.ownAddresses());
  }

  forwards(parameter: string): boolean {
    return this.#source.forwards(parameter);
  }

  firstLocalPort(): number {
    return this.#source.firstLocalPort();
  }

  refusesAnswers(vip: string, target: string): string {
    return this.#source.refusesAnswers(vip, target);
  }

  isOwn(address: string): boolean {
    return this.#own.has(address) || isLoopback(address);
  }

  look(): MachineNews {
    const rules = rulesOf(this.#source);
    const devices = this.#source.devices().join();
    const own = new Set(this.#source.ownAddresses());
    const news = {
      rules: rules !== this.#rules,
      devices: devices !== this.#devices,
      answers: this.#source.isNewsOfAnswers(),
      addresses: own.symmetricDifference(this.#own),
    };
    this.#rules = rules;
    this.#devices = devices;
    this.#own = own;
    return news;
  }
}

function rulesOf({ forwards, firstLocalPort }: MachineSource): string {
  return [forwards(FORWARDING[4]), forwards(FORWARDING[6]), firstLocalPort()].join();
}
