import { compilePattern } from './program.ts';
import { PatternError } from './syntax.ts';

/**
 * Why a text cannot be used as a regular expression in a rule; the empty string when it can. Reads as the rest of a
 * sentence: "the pattern has more than 512 characters".
 */
export function checkPattern(pattern: string): string {
  try {
    compilePattern(pattern, false);
    return '';
  } catch (error) {
    if (error instanceof PatternError) return error.message;
    throw error;
  }
}
