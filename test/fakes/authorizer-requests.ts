import type { AuthorizerRequest } from '@tvm/core/external-authorizers/external-authorizer.ts';

type Change = {
  [Part in keyof AuthorizerRequest]?: Part extends 'action'
    ? AuthorizerRequest[Part]
    : Partial<AuthorizerRequest[Part]>;
};

/** Returns a request to an external authorizer: may the orders service read its orders? */
export function question(change: Change = {}): AuthorizerRequest {
  return {
    subject: {
      id: 'arn:aws:iam::111122223333:role/orders-service',
      properties: { account: '111122223333', kind: 'role', team: 'orders' },
      ...change.subject,
    },
    action: change.action ?? 'read',
    resource: { id: 'orders-db/orders', properties: { owner: 'orders' }, ...change.resource },
    context: {
      audience: 'orders-db',
      lifetime: 300,
      time: '2026-01-01T12:00:00.000Z',
      sourceIp: '203.0.113.7',
      ...change.context,
    },
  };
}
