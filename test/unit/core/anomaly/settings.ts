import type { AnomalySettings } from '@tvm/core/anomaly/settings.ts';
import { configSchema } from '#lib/config/config.ts';

/** The settings of a stage without a configuration of anomalies. */
export const settings: AnomalySettings = configSchema.parse({}).anomalies;
