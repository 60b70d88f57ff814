/** A time as RFC 3339 has it, in whole seconds. @param milliseconds since the epoch */
export function rfc3339(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
