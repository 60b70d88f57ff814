import { vi } from 'vitest';

/** Catches what is printed by the console from now on, until mocks are restored. @returns all of it so far */
export function catchPrinted(): () => string {
  let printed = '';
  for (const method of ['log', 'info', 'warn', 'error'] as const) {
    vi.spyOn(console, method).mockImplementation((...line) => {
      printed += `${line.join(' ')}\n`;
    });
  }
  return () => printed;
}
