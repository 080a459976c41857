import { readFile } from 'node:fs/promises';
import type { TlsTrust } from '@evenkeel/model/tls-trust.ts';

export interface ControlTrustSettings {
  /** File of PEM authorities; undefined: those that come with Node. */
  readonly controlCa?: string | undefined;
  readonly controlFingerprint?: string | undefined;
}

/**
 * What the control plane is known by: what the settings say, else the fingerprints that the node's credential has, or
 * authorities. A control plane whose certificate is replaced by one of a known authority stays the right one.
 * Rejects with a sentence.
 */
export async function controlTrust(
  { controlCa, controlFingerprint }: ControlTrustSettings,
  known: readonly string[],
): Promise<TlsTrust> {
  if (controlFingerprint !== undefined) return { fingerprint: controlFingerprint };
  if (controlCa !== undefined) return { ca: await readAuthorities(controlCa) };
  return known.length === 0 ? {} : { fingerprint: known, orAuthorities: true };
}

async function readAuthorities(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`the authorities in ${file} cannot be read (${code}); give a file of PEM certificates`);
  }
}
