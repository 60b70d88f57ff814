import { SourceFailure } from '../model/source.ts';
import type { TokenStatus } from '../model/status.ts';
import type { Alert } from '../settings/hooks.ts';
import { runToSuccess } from './run-to-success.ts';

/** The content of an alert. Contains no secret. */
export interface AlertMessage {
  alert: 'failing' | 'recovered';
  host: string;
  status: TokenStatus;
}

/**
 * Delivers an alert with a command or a webhook.
 *
 * @throws {CommandFailure} if the command fails
 * @throws {SourceFailure} if the webhook does not respond, or responds with a status other than 200 to 299
 */
export async function sendAlert(
  alert: Alert,
  message: AlertMessage,
  tools: { configFile: string; signal: AbortSignal },
): Promise<void> {
  const { timeout_seconds } = alert;
  if ('command' in alert) {
    return runToSuccess(alert.command, variablesOf(message), { ...tools, timeoutSeconds: timeout_seconds });
  }
  const { httpClient } = await import('../http/client.ts');
  const { ca_file, webhook } = alert;
  const client = httpClient({ ...(ca_file && { ca_file }), ...(timeout_seconds && { timeout_seconds }) }, 'public');
  try {
    const { status } = await client.send(
      {
        method: 'POST',
        url: webhook,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(bodyOf(message)),
      },
      tools.signal,
    );
    if (status < 200 || status > 299) throw new SourceFailure(`the webhook responded with status ${status}`);
  } finally {
    client.close();
  }
}

function bodyOf({ alert, host, status: { name, type, state, failures, lastError, expiresAt } }: AlertMessage) {
  return { alert, host, token: name, type, state, failures, error: lastError, expires_at: timeOf(expiresAt) };
}

function variablesOf(message: AlertMessage): Record<string, string> {
  const { alert, host, token, type, state, failures, error = '', expires_at = '' } = bodyOf(message);
  return {
    TOKENRELAY_ALERT: alert,
    TOKENRELAY_HOST: host,
    TOKENRELAY_TOKEN: token,
    TOKENRELAY_TYPE: type,
    TOKENRELAY_STATE: state,
    TOKENRELAY_FAILURES: String(failures),
    TOKENRELAY_ERROR: error,
    TOKENRELAY_EXPIRES_AT: expires_at,
  };
}

function timeOf(moment: number | undefined): string | undefined {
  return moment === undefined ? undefined : new Date(moment).toISOString();
}
