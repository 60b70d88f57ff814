import type { TokenSettings } from '../config/configuration.ts';
import { loadedSourceKinds } from '../sources/kinds.ts';
import type { Source, SourceTools } from '../sources/source.ts';

/** The source that a token’s settings name. It asks nothing yet. */
export function makeSource({ type, source }: TokenSettings, tools: SourceTools): Source {
  const kind = loadedSourceKinds().find((one) => one.type === type);
  if (kind === undefined) throw new RangeError(`no kind of source is called ${type}`);
  // The schema has checked that these settings are this kind’s.
  return (kind.create as (settings: unknown, tools: SourceTools) => Source)(source, tools);
}
