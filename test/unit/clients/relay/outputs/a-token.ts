import type { Token } from 'tokenrelay/model/token.ts';
import type { FileOutputSettings } from 'tokenrelay/settings/outputs.ts';

export const END = '2026-01-01T12:00:00Z';

/** A token of these values that ends at noon of the first of January 2026. */
export function aToken(values: Record<string, string>, expiresAt: number | undefined = Date.parse(END)): Token {
  return { values, fetchedAt: Date.parse(END) - 900_000, ...(expiresAt !== undefined && { expiresAt }) };
}

/** The same, of a source that sets no end. */
export function anEndlessToken(values: Record<string, string>): Token {
  return { values, fetchedAt: Date.parse(END) };
}

export function settingsOf(settings: Partial<FileOutputSettings>): FileOutputSettings {
  return { file_path: '/run/tokenrelay/out', format: 'json', ...settings };
}
