import type { Token } from 'tokenrelay/model/token.ts';
import type { FileOutputSettings } from 'tokenrelay/settings/outputs.ts';

export const END = '2026-01-01T12:00:00Z';

/** Returns a token with these values that expires at noon on 1 January 2026. */
export function aToken(values: Record<string, string>, expiresAt: number | undefined = Date.parse(END)): Token {
  return { values, fetchedAt: Date.parse(END) - 900_000, ...(expiresAt !== undefined && { expiresAt }) };
}

/** Returns a token with these values and without an expiry. */
export function anEndlessToken(values: Record<string, string>): Token {
  return { values, fetchedAt: Date.parse(END) };
}

export function settingsOf(settings: Partial<FileOutputSettings>): FileOutputSettings {
  return { file_path: '/run/tokenrelay/out', format: 'json', ...settings };
}
