import type { AnomalySettings } from '@tvm/core/anomaly/settings.ts';
import { configSchema } from '#lib/config/config.ts';

/** What a stage has that says nothing of anomalies. */
export const settings: AnomalySettings = configSchema.parse({}).anomalies;
