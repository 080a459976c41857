import { objectPath } from '@evenkeel/flow/build/compile.ts';
import type { AttachPoint } from '@evenkeel/flow/loader/attach.ts';
import { LoadedObject } from '@evenkeel/flow/loader/object.ts';

/**
 * The programs of this node, loaded on another thread when they are first asked for. Both share the maps that are pinned in
 * `folder`, so they are loaded one after the other.
 */
export class Programs {
  readonly #folder: string;
  readonly #writtenFlows: number;
  /** The first one: its maps are those that user space writes. */
  readonly tcx: LoadedObject;
  #xdp: LoadedObject | null = null;
  #loading: Promise<LoadedObject> | null = null;
  #closed = false;

  /** `writtenFlows`: how many there is room for. Rejects with DatapathUnavailable, or what went wrong. */
  static async open(folder: string, writtenFlows: number): Promise<Programs> {
    return new Programs(folder, writtenFlows, await load(folder, 'tcx', writtenFlows));
  }

  private constructor(folder: string, writtenFlows: number, tcx: LoadedObject) {
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
