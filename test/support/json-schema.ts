import { Ajv2020 } from 'ajv/dist/2020.js';
import { fullFormats } from 'ajv-formats/dist/formats.js';

/**
 * A strict validator of JSON Schema 2020-12: it throws at keywords and formats that it does not know, and at references that
 * it cannot resolve.
 */
export function strictAjv(): Ajv2020 {
  // What must be there is stated beside the schema that says what it is, which these two rules take for a mistake.
  return new Ajv2020({
    strict: true,
    strictTypes: false,
    strictRequired: false,
    allErrors: true,
    formats: fullFormats,
  });
}
