import type { Jwt } from '@evenkeel/model/resources/rule-jwt.ts';
import { refuseField } from '../problem.ts';
import { Secret } from '../secrets/secret.ts';

type Key = Jwt['keys'][number];

/** The token settings of a rule as they are kept: what keys of type `oct` hold is not among the settings. */
export interface KeptJwt {
  readonly jwt: Jwt | null;
  /** JSON of the list of those secrets, in order; null: there is no such key. */
  readonly jwtSecrets: Secret | null;
}

/** Takes the secrets out of the keys; `secretSet` says where one was. */
export function takeSecrets(jwt: Jwt): KeptJwt {
  const secrets: unknown[] = [];
  const keys = jwt.keys.map((key) => {
    if (key['kty'] !== 'oct') return key;
    const { k, ...shown } = key;
    secrets.push(k);
    return { ...shown, secretSet: true };
  });
  if (secrets.length === 0) return { jwt, jwtSecrets: null };
  return { jwt: { ...jwt, keys }, jwtSecrets: new Secret(JSON.stringify(secrets)) };
}

/** The keys with their secrets in them, as nodes need them. */
export function keysWithSecrets({ jwt, jwtSecrets }: KeptJwt): Key[] {
  const secrets = jwtSecrets === null ? [] : (JSON.parse(jwtSecrets.reveal()) as string[]);
  let next = 0;
  return (jwt?.keys ?? []).map((key) => {
    if (key['kty'] !== 'oct') return key;
    const { secretSet: _, ...rest } = key;
    return { ...rest, k: secrets[next++] };
  });
}

/**
 * The keys of a client, who cannot know the secrets that are stored: one without a secret has that of the stored key of
 * the same `kid`. Of several with one `kid`, or without any, each has that of the one in its place, as long as there are
 * as many of them as before. `at` is the pointer to the keys.
 */
export function recallSecrets(given: readonly Key[], kept: KeptJwt, at: string): Key[] {
  const stored = Map.groupBy(keysWithSecrets(kept).filter(isSecret), ({ kid }) => kid);
  const places = Map.groupBy(given.filter(isSecret), ({ kid }) => kid);
  return given.map((key, i) => {
    if (!isSecret(key)) return key;
    const { secretSet: _, ...own } = key;
    if (own['k'] !== undefined) return own;
    const [before = [], now = []] = [stored.get(key['kid']), places.get(key['kid'])];
    const known = before.length === now.length ? before[now.indexOf(key)] : undefined;
    if (known === undefined) {
      const reason = 'is missing, and no secret is stored for this key; one that is stored is known by its `kid`';
      refuseField('validation-failed', `${at}/${i}/k`, reason);
    }
    return { ...own, k: known['k'] };
  });
}

function isSecret(key: Key): boolean {
  return key['kty'] === 'oct';
}
