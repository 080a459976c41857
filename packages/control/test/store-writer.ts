import { randomBytes } from 'node:crypto';
import { DEFAULT_QUOTAS } from '@evenkeel/model/limits.ts';
import { network } from '../src/resources/addresses.ts';
import { createElasticIp } from '../src/resources/elastic-ips.ts';
import { Vault } from '../src/secrets/vault.ts';
import { Store } from '../src/store/store.ts';

/**
 * A process that writes until it is killed: elastic IPs named by a number, several at a time. It says each number when
 * the write was acknowledged. Arguments: the file, and the first number.
 */
const [file, first] = process.argv.slice(2);
const store = await Store.open({
  file: file!,
  quotas: { ...DEFAULT_QUOTAS, elasticIps: 60_000 },
  pools: { vip: network('127.77.0.0/16'), elasticIp: network('127.88.0.0/16') },
  now: Date.now,
  random: Math.random,
  secret: randomBytes,
  vault: new Vault(`${file}.key`),
});
process.stdout.write('open\n');

const write = async (number: number) => {
  const run = (draft: Parameters<Parameters<typeof store.write>[0]['run']>[0]) =>
    createElasticIp(draft, { name: `n${number}` });
  await store.write({ action: 'test', actor: 'writer', requestId: '', run });
  process.stdout.write(`${number}\n`);
};
for (let number = Number(first); ; number += 4) await Promise.all([0, 1, 2, 3].map((i) => write(number + i)));
