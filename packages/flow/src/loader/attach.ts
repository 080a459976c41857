import { existsSync, readFileSync, unlinkSync } from 'node:fs';
import { checked, inBackground, libbpf } from './libbpf.ts';
import { libc } from './libc.ts';

/** enum bpf_attach_type of linux/bpf.h. */
const ATTACH_TYPES = { xdp: 37, tcx: 46 } as const;
export type AttachPoint = keyof typeof ATTACH_TYPES;

/** A program at the ingress of a device. It stays until `detach`, or with a pin beyond the end of this process. */
export class Attachment {
  #descriptor: number;
  readonly #pin: string | null;

  /**
   * Attaches a program to a device of this network namespace, on another thread: drivers may take a second for it. With
   * `pin`, a path on a BPF file system, the attachment outlives the process, and one that is there already is taken over:
   * the program is exchanged, and no packet goes by in between. Exchanging waits for a grace period of the kernel, some
   * 10 ms. `isWanted`: asked when the kernel has done it; where it is not any more, what is new is taken back.
   */
  static async attach(
    point: AttachPoint,
    device: number,
    program: number,
    pin: string | null = null,
    isWanted: () => boolean = () => true,
  ): Promise<Attachment> {
    if (pin !== null && existsSync(pin)) {
      const attachment = Attachment.takeOver(pin);
      try {
        await attachment.replace(program);
        return attachment;
      } catch (error) {
        attachment.close();
        throw error;
      }
    }
    const what = `attaching to ${point} of device ${device}`;
    const made = await inBackground('bpf_link_create', program, device, ATTACH_TYPES[point], null);
    const attachment = new Attachment(checked(made, what), pin);
    try {
      if (!isWanted()) throw new Error(`${what}: not wanted any more`);
      if (pin !== null) checked(libbpf().bpf_obj_pin(attachment.#descriptor, pin), `pinning ${pin}`);
      return attachment;
    } catch (error) {
      attachment.close();
      throw error;
    }
  }

  /** An attachment that is pinned there, whatever its program. */
  static takeOver(pin: string): Attachment {
    return new Attachment(checked(libbpf().bpf_obj_get(pin), `taking over ${pin}`), pin);
  }

  /** The number of the device that an attachment is at; 0: the device is gone. */
  static deviceOf(pin: string): number {
    const attachment = Attachment.takeOver(pin);
    try {
      const text = readFileSync(`/proc/self/fdinfo/${attachment.#descriptor}`, 'utf8');
      return Number(/^ifindex:\s+(\d+)/m.exec(text)?.[1] ?? 0);
    } finally {
      attachment.close();
    }
  }

  private constructor(descriptor: number, pin: string | null) {
    this.#descriptor = descriptor;
    this.#pin = pin;
  }

  /** On another thread, as `attach`. */
  async replace(program: number): Promise<void> {
    checked(await inBackground('bpf_link_update', this.#descriptor, program, null), 'exchanging the program');
  }

  /** Gives up our hold; a pinned attachment goes on. */
  close(): void {
    if (this.#descriptor >= 0) libc().close(this.#descriptor);
    this.#descriptor = -1;
  }

  /** Takes the program off the device. */
  detach(): void {
    if (this.#pin !== null && existsSync(this.#pin)) unlinkSync(this.#pin);
    this.close();
  }
}
