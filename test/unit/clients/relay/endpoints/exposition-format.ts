/** One series: its name, labels and value. */
export interface Series {
  name: string;
  labels: Record<string, string>;
  value: number;
}

export interface Exposition {
  families: Map<string, { type: string; help: string }>;
  series: Series[];
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"`;
const HELP = new RegExp(String.raw`^# HELP (${NAME}) ((?:[^\\]|\\[\\n])*)$`);
const TYPE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram|summary|untyped)$`);
const SAMPLE = new RegExp(
  String.raw`^(${NAME})(?:\{(${LABEL}(?:,${LABEL})*)\})? ([+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|NaN)$`,
);

/**
 * Parses the Prometheus text format strictly. HELP and TYPE of a family must come once, before its samples, which must
 * be contiguous. A series must be unique. A counter's name must end with `_total`, and its value must not be negative.
 *
 * @throws {Error} naming the line
 */
export function parseExposition(text: string): Exposition {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const families = new Map<string, { type: string; help: string }>();
  const series: Series[] = [];
  const seen = new Set<string>();
  let current = '';
  for (const line of text.slice(0, -1).split('\n')) {
    const [, helped, help = ''] = HELP.exec(line) ?? [];
    const [, typed, type = ''] = TYPE.exec(line) ?? [];
    const [, name = '', labelText = '', value = ''] = SAMPLE.exec(line) ?? [];
    if (helped !== undefined) {
      if (families.has(helped)) throw new Error(`a second HELP: ${line}`);
      families.set(helped, { help, type: '' });
      current = helped;
    } else if (typed !== undefined) {
      const family = families.get(typed);
      if (typed !== current || family === undefined || family.type) throw new Error(`TYPE out of place: ${line}`);
      family.type = type;
      if ((type === 'counter') !== typed.endsWith('_total')) throw new Error(`_total is for counters: ${line}`);
    } else {
      if (!name || name !== current || !families.get(name)?.type) throw new Error(`no sample of its family: ${line}`);
      const labels = labelsOf(labelText);
      const key = `${name}${JSON.stringify(Object.entries(labels).sort())}`;
      if (seen.has(key)) throw new Error(`a series twice: ${line}`);
      seen.add(key);
      series.push({ name, labels, value: Number(value) });
    }
  }
  return { families, series };
}

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [, name = '', value = ''] of text.matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g)) {
    if (name in labels) throw new Error(`a label twice: ${name}`);
    labels[name] = value.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
  }
  return labels;
}
