import { objectPath } from '@evenkeel/flow/build/compile.ts';
import type { AttachPoint } from '@evenkeel/flow/loader/attach.ts';
import { LoadedObject } from '@evenkeel/flow/loader/object.ts';
import type { Logger } from 'pino';
import { carryOverFlows } from './former-flows.ts';

/**
 * The programs of this node, loaded on another thread when they are first asked for. Both share the maps that are pinned in
 * `folder`, so they are loaded one after the other.
 */
export class Programs {
  readonly #folder: string;
  readonly #writtenFlows: number;
  readonly #log: Logger;
  /** The first one: its maps are those that user space writes. */
  readonly tcx: LoadedObject;
  #xdp: LoadedObject | null = null;
  #loading: Promise<LoadedObject> | null = null;
  #closed = false;
  #hasToldOfFlows = false;

  /**
   * `writtenFlows`: how many there is room for; those that are written down in a map of another size are taken in. Rejects
   * with DatapathUnavailable, or what went wrong.
   */
  static async open(folder: string, writtenFlows: number, log: Logger): Promise<Programs> {
    const programs = new Programs(folder, writtenFlows, await load(folder, 'tcx', writtenFlows), log);
    await programs.carryOver();
    return programs;
  }

  private constructor(folder: string, writtenFlows: number, tcx: LoadedObject, log: Logger) {
    this.#log = log;
    this.#folder = folder;
    this.#writtenFlows = writtenFlows;
    this.tcx = tcx;
  }

  /** The descriptor of the program for a point. */
  async program(point: AttachPoint): Promise<number> {
    const object = point === 'tcx' ? this.tcx : await this.#getXdp();
    return object.program(`balance_${point}`);
  }

  /** Paths of all maps that are pinned. */
  get pins(): ReadonlySet<string> {
    return new Set([...this.tcx.pins, ...(this.#xdp?.pins ?? [])]);
  }

  /**
   * Takes in the flows that are written down in a map of another size; once more when these programs meet packets, since
   * those before them go on writing until then. What cannot be had is logged.
   */
  async carryOver(): Promise<void> {
    const log = this.#log;
    try {
      const flows = await carryOverFlows(this.#folder, this.pins, this.tcx.map('exceptions'));
      if (this.#hasToldOfFlows) return;
      this.#hasToldOfFlows = true;
      if (flows.forgotten > 0) log.warn(flows, 'there is no room any more for all flows that are written down');
      else if (flows.carried > 0) log.info(flows, 'flows that are written down are in a map of another size now');
    } catch (error) {
      if (!this.#closed) log.error({ err: error }, 'flows that are written down are forgotten');
    }
  }

  /** Resolves when nothing of it is under way any more; what is attached or pinned stays in the kernel. */
  async close(): Promise<void> {
    this.#closed = true;
    this.tcx.close();
    this.#xdp?.close();
    await this.#loading?.catch(() => undefined); // whoever has asked for it learns of the error
  }

  async #getXdp(): Promise<LoadedObject> {
    if (this.#xdp !== null) return this.#xdp;
    this.#loading ??= load(this.#folder, 'xdp', this.#writtenFlows).finally(() => {
      this.#loading = null;
    });
    const object = await this.#loading;
    if (this.#closed) {
      object.close();
      throw new Error('the kernel datapath is given up');
    }
    this.#xdp = object;
    return object;
  }
}

function load(pinFolder: string, point: AttachPoint, exceptions: number): Promise<LoadedObject> {
  return LoadedObject.loadInBackground(objectPath(point), { pinFolder, mapSizes: { exceptions } });
}
