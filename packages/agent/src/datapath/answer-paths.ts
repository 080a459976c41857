import { familyOf } from './decide.ts';

/** Milliseconds after which the kernel is asked anew without news: it does not tell of `accept_local`. */
const ANYWAY = 30_000;
/**
 * Milliseconds between two times with news: each target's way is 13 µs of the main thread, and some routes never rest. Less
 * than the 5 s between two looks of MachineWatch, so that a timer that fires a little early leaves none of them out.
 */
const PAUSE = 4_500;

/** What the kernel of this machine says. Questions throw where it cannot be asked. */
export interface AnswerSource {
  /** The way to an IPv4 address; null: there is none. */
  readonly routeTo: (address: string) => { readonly device: number; readonly isOwn: boolean } | null;
  /** The device that has this address; null: it is none of the machine's own. */
  readonly holder: (address: string) => number | null;
  /** Whether it drops a packet from `source` that comes in by this device, for its source. */
  readonly isForged: (source: string, destination: string, device: number) => boolean;
  /** What such an answer may depend on has changed since it was last asked. */
  readonly isNews: () => boolean;
  readonly deviceName: (device: number) => string;
  /** A parameter of IPv4, such as `eth0.rp_filter`; 0 where there is none. */
  readonly parameter: (device: string, name: string) => number;
  /** Nothing is asked any more. */
  readonly close: () => void;
}

/**
 * What the kernel makes of answers of targets where it routes what NAT has translated: they have a VIP as their source by
 * then, and with some parameters it takes them for forged, and drops them without a word. That is asked of the kernel itself,
 * for the device that the way to the target leads out of, since answers come in there. Of IPv6 it has no such parameters.
 */
export class AnswerPaths {
  readonly #source: AnswerSource;
  readonly #onFailure: (error: unknown) => void;
  readonly #now: () => number;
  /** Devices by target; null: there is no way there. */
  readonly #devices = new Map<string, number | null>();
  /** By VIP and device: why the kernel drops what comes from there; empty: it does not. */
  readonly #reasons = new Map<string, string>();
  #asked: number;
  #isNews = false;
  #hasFailed = false;

  /** `onFailure`: told the first time that the kernel cannot be asked. `now`: milliseconds. */
  constructor(source: AnswerSource, onFailure: (error: unknown) => void, now: () => number = () => performance.now()) {
    this.#source = source;
    this.#onFailure = onFailure;
    this.#now = now;
    this.#asked = now();
  }

  /** Whether the kernel might say something else than before: then it is asked again. */
  refresh(): boolean {
    this.#isNews = this.#source.isNews() || this.#isNews;
    const now = this.#now();
    if (now - this.#asked < (this.#isNews ? PAUSE : ANYWAY)) return false;
    this.#asked = now;
    // Of ways it does tell.
    if (this.#isNews) this.#devices.clear();
    this.#isNews = false;
    this.#reasons.clear();
    return true;
  }

  /** There is news that it was too early to ask about: `refresh` will, when the time has come. */
  get isPending(): boolean {
    return this.#isNews;
  }

  /**
   * Why clients never see answers of this target under this VIP, as one sentence with the remedy; empty: they do, or the
   * kernel cannot be asked, and is again after the pause.
   */
  refusal(vip: string, target: string): string {
    if (familyOf(vip) !== 4 || familyOf(target) !== 4) return '';
    try {
      return this.#refusal(vip, target);
    } catch (error) {
      if (!this.#hasFailed) this.#onFailure(error);
      this.#hasFailed = true;
      this.#isNews = true;
      return '';
    }
  }

  #refusal(vip: string, target: string): string {
    const device = this.#deviceTo(target);
    if (device === null) return '';
    const key = `${vip} ${device}`;
    let reason = this.#reasons.get(key);
    if (reason === undefined) {
      reason = this.#source.isForged(vip, target, device) ? this.#explain(vip, target, device) : '';
      this.#reasons.set(key, reason);
    }
    return reason;
  }

  /** As `refusal`, where answers of the target come in by this device. */
  refusalAt(device: number, vip: string, target: string): string {
    const reason = this.refusal(vip, target);
    return reason !== '' && this.#deviceTo(target) === device ? reason : '';
  }

  close(): void {
    this.#source.close();
  }

  #deviceTo(target: string): number | null {
    let device = this.#devices.get(target);
    if (device === undefined) {
      device = this.#source.routeTo(target)?.device ?? null;
      this.#devices.set(target, device);
    }
    return device;
  }

  #explain(vip: string, target: string, index: number): string {
    const device = this.#source.deviceName(index);
    const [own, all] = [device, 'all'].map((of) => this.#source.parameter(of, 'rp_filter'));
    const filter = Math.max(own!, all!);
    const name = `net.ipv4.conf.${device.replaceAll('.', '/')}`;
    const route = this.#source.routeTo(vip);
    const settings: string[] = [];
    if (route?.isOwn === true && !['all', device].some((of) => this.#source.parameter(of, 'accept_local') !== 0))
      settings.push(`${name}.accept_local=1`);
    // An address of that very device passes a strict filter.
    if (filter === 1 && route !== null && !(route.isOwn && this.#source.holder(vip) === index))
      settings.push(`${name}.rp_filter=2`);
    else if (filter !== 0 && route === null) {
      // The larger one of both holds.
      if (all !== 0) settings.push('net.ipv4.conf.all.rp_filter=0');
      if (own !== 0) settings.push(`${name}.rp_filter=0`);
    }
    const what = `answers of targets come in by ${device} and leave from ${vip}${route?.isOwn === true ? ', an address of this node' : ''}`;
    const remedy =
      settings.length === 0 ? `ip route get ${target} from ${vip} iif ${device}` : `sysctl -w ${settings.join(' ')}`;
    return `${what}: the kernel takes them for forged where it routes them, and drops them: ${remedy}`;
  }
}
