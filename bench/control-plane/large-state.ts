import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createFromDocument } from '@evenkeel/control/configuration/apply.ts';
import { network } from '@evenkeel/control/resources/addresses.ts';
import { Vault } from '@evenkeel/control/secrets/vault.ts';
import { Store } from '@evenkeel/control/store/store.ts';
import { DEFAULT_QUOTAS, type Quotas } from '@evenkeel/model/limits.ts';

/** How much there is of what; of each load balancer, service and group. */
export interface Size {
  readonly loadBalancers: number;
  readonly listeners: number;
  readonly targets: number;
}

export const LARGE: Size = { loadBalancers: 1_000, listeners: 10, targets: 10 };
export const SMALL: Size = { loadBalancers: 20, listeners: 10, targets: 10 };

export const POOLS = { vip: network('127.64.0.0/16'), elasticIp: network('127.65.0.0/16') };

/** So that nothing is refused. */
export const QUOTAS = Object.fromEntries(
  Object.keys(DEFAULT_QUOTAS).map((name) => [name, 999_999]),
) as unknown as Quotas;

export function openStore(home: string): Promise<Store> {
  return Store.open({
    file: join(home, 'state', 'evenkeel.db'),
    vault: new Vault(join(home, 'credentials', 'secrets.key')),
    quotas: QUOTAS,
    pools: POOLS,
    now: Date.now,
    random: Math.random,
    secret: randomBytes,
  });
}

/** Fills a home: each listener has a service of its own, and that a group of targets. */
export async function makeState(home: string, size: Size): Promise<void> {
  const store = await openStore(home);
  try {
    for (let i = 0; i < size.loadBalancers; i++) {
      const document = documentOf(i, size);
      await store.write({
        action: 'bench',
        actor: 'bench',
        requestId: '',
        run: (draft) => createFromDocument(draft, document),
      });
    }
  } finally {
    await store.close();
  }
}

function documentOf(number: number, { listeners, targets }: Size): Parameters<typeof createFromDocument>[1] {
  const address = (index: number) => `10.${number >> 8}.${number & 255}.${index + 1}`;
  return {
    name: `lb-${number}`,
    targetGroups: Array.from({ length: listeners }, (_, i) => ({
      name: `g-${i}`,
      targets: Array.from({ length: targets }, (_, j) => ({ address: address(j), port: 8_000 + i })),
    })),
    backendServices: Array.from({ length: listeners }, (_, i) => ({
      name: `s-${i}`,
      protocol: 'http' as const,
      port: 8_000 + i,
      targetGroup: `g-${i}`,
      healthCheck: { enabled: false },
    })),
    listeners: Array.from({ length: listeners }, (_, i) => ({
      name: `l-${i}`,
      protocol: 'http' as const,
      port: 80 + i,
      backendService: `s-${i}`,
    })),
  };
}
