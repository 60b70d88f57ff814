import { Ajv2020 } from 'ajv/dist/2020.js';
import { fullFormats } from 'ajv-formats/dist/formats.js';

/**
 * Returns a strict validator of JSON Schema 2020-12. It throws for an unknown keyword or format, and for a reference
 * that it cannot resolve.
 */
export function strictAjv(): Ajv2020 {
  // Required properties are listed next to the schema that defines them. These two rules would report that as a
  // mistake.
  return new Ajv2020({
    strict: true,
    strictTypes: false,
    strictRequired: false,
    allErrors: true,
    formats: fullFormats,
  });
}
