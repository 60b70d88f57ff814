import { vi } from 'vitest';

/** Captures console output from now on, until mocks are restored. @returns a function that returns the output so far */
export function catchPrinted(): () => string {
  let printed = '';
  for (const method of ['log', 'info', 'warn', 'error'] as const) {
    vi.spyOn(console, method).mockImplementation((...line) => {
      printed += `${line.join(' ')}\n`;
    });
  }
  return () => printed;
}
