import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import { PLAIN_SERVICE, PLAIN_TCP_LISTENER } from '@evenkeel/model/plan/plain.ts';
import type { EngineChange, EngineService } from '@evenkeel/proxy/engine/engine.ts';
import { pino } from 'pino';
import { DatapathEngine } from './datapath-engine.ts';
import type { KernelPath } from './kernel-path.ts';
import type { KernelListener } from './kernel-record.ts';
import type { DatapathSetting } from './setting.ts';
import type { Gates } from './source-gates.ts';
import type { Outcome, WantedListener } from './wanted-listener.ts';

/** A kernel that says yes unless told otherwise, and knows what it was told. */
export class FakeKernel {
  readonly points = 'tcx';
  readonly blocks = { follow: (tenantId: string) => this.blocked.push(tenantId) };
  readonly blocked: string[] = [];
  readonly carried = new Set<string>();
  /** As they were set last. */
  readonly set = new Map<string, WantedListener>();
  readonly shared = {
    isLeaving: (_: string): boolean => false,
    addressesBut: (leaving: ReadonlySet<string>) =>
      this.addresses.filter(([id]) => !leaving.has(id)).map(([, vip]) => vip),
  };
  reason = '';
  unattached = '';
  tornDown = false;
  closed = 0;
  calls = 0;
  gates: Gates | null = null;
  /** Listeners cannot be set for the time being. */
  fails = false;
  records = 0;
  /** What happens while a listener is being set. */
  meanwhile: () => void = () => {};

  get listeners(): readonly string[] {
    return [...this.carried];
  }

  /** VIPs that are to be announced, by listener. */
  get addresses(): (readonly [string, string])[] {
    const staying = this.listeners.filter((id) => !this.shared.isLeaving(id));
    return staying.flatMap((id) => this.set.get(id)?.planned.addresses.map((vip) => [id, vip] as const) ?? []);
  }

  find(id: string): KernelListener | null {
    const { planned, service } = this.set.get(id) ?? {};
    if (!this.carried.has(id) || planned === undefined || service === undefined) return null;
    const { addresses, port, lastPort = null } = planned;
    return { number: 1, serviceId: service.service.id, addresses, port, lastPort, protocols: ['tcp'] };
  }

  async setListeners(wanted: readonly WantedListener[]): Promise<ReadonlyMap<string, Outcome>> {
    const outcomes = new Map<string, Outcome>();
    for (const one of wanted) {
      const { planned, gates } = one;
      this.calls++;
      this.gates = gates;
      this.meanwhile();
      const stays = this.fails && this.carried.has(planned.id);
      const reason = this.fails ? 'out of luck' : this.reason;
      if (reason === '') {
        this.carried.add(planned.id);
        this.set.set(planned.id, one);
      }
      outcomes.set(planned.id, { reason, stays });
      if (this.closed > 0 || this.tornDown) break;
    }
    return outcomes;
  }

  putOnRecord(): void {
    this.records++;
  }

  async attach(): Promise<string> {
    return this.unattached;
  }

  removeListener(id: string): void {
    this.carried.delete(id);
  }

  async tearDown(): Promise<void> {
    this.tornDown = true;
  }

  async close(): Promise<void> {
    this.closed++;
  }
}

export function world(t: { after(end: () => void): void }, setting: DatapathSetting, unavailable = '', pinned = false) {
  const folder = mkdtempSync(join(tmpdir(), 'datapath-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const kernel = new FakeKernel();
  const told: EngineChange[] = [];
  /** What the proxy refuses of those that it is told to have. */
  const proxy = { refuses: (_: string): string => '' };
  let opened = 0;
  let unpinned = 0;
  /** What happens while the kernel datapath is being opened, and until when it is. */
  const opening = { meanwhile: () => {}, until: Promise.resolve() };
  const machine = {
    ...{ forwards: true, firstLocalPort: 32_768, devices: ['eth0'], own: ['10.0.0.9'] },
    ...{ refusesAnswers: '', isNewsOfAnswers: false },
  };
  const engine = new DatapathEngine({
    engine: {
      apply: async (change) => {
        told.push(change);
        return [...change.listeners].flatMap(([listenerId, planned]) => {
          const detail = planned === null ? '' : proxy.refuses(listenerId);
          return detail === '' ? [] : [{ listenerId, code: 'address-not-available' as const, detail }];
        });
      },
    },
    setting,
    recordFile: join(folder, 'kernel.json'),
    open: async () => {
      opened++;
      opening.meanwhile();
      await opening.until;
      if (unavailable !== '') throw new Error(unavailable);
      return kernel as unknown as KernelPath;
    },
    isPinned: () => pinned,
    unpin: () => {
      unpinned++;
    },
    forwards: () => machine.forwards,
    firstLocalPort: () => machine.firstLocalPort,
    refusesAnswers: () => machine.refusesAnswers,
    isNewsOfAnswers: () => machine.isNewsOfAnswers,
    devices: () => machine.devices,
    ownAddresses: () => machine.own,
    log: pino({ level: 'silent' }),
  });
  const recordFile = join(folder, 'kernel.json');
  return { engine, kernel, proxy, told, machine, opening, opened: () => opened, unpinned: () => unpinned, recordFile };
}

export const listener = (changes: Partial<PlannedListener> = {}): PlannedListener => ({
  ...PLAIN_TCP_LISTENER,
  id: 'lsn-1',
  loadBalancerId: 'lb-1',
  loadBalancerName: 'net',
  name: 'tcp-80',
  protocol: 'tcp',
  addresses: ['192.0.2.1'],
  port: 80,
  isNetwork: true,
  serviceId: 'svc-1',
  idleTimeout: 1_000,
  headerTimeout: 1_000,
  accessLog: false,
  ...changes,
});

export const service = (changes: object = {}, address = '10.0.0.1'): EngineService => ({
  service: {
    ...PLAIN_SERVICE,
    id: 'svc-1',
    name: 'svc',
    protocol: 'tcp',
    algorithm: 'round-robin',
    groupId: 'tg-1',
    port: 80,
    healthCheck: null,
    connectTimeout: 4_000,
    readTimeout: 1_000,
    drainTimeout: 1_000,
    ...changes,
  },
  targets: [{ id: 'tgt-1', address, port: 80, weight: 1, state: 'active', eligible: true }],
});

export const change = (one: PlannedListener | null, its: EngineService | null = service()): EngineChange => ({
  shared: new Map(),
  services: new Map(its === null ? [] : [['svc-1', its]]),
  listeners: new Map([['lsn-1', one]]),
});
