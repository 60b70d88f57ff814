import type { OrderProgress, OrderState, RevocationOrder } from './order.ts';

/** The revocations that were ordered, until some time after the last token that they may select has expired. */
export interface RevocationOrders {
  /** Writes an order down. One with the same id stays as it is. @returns what is written */
  place(order: RevocationOrder): Promise<OrderState>;
  get(revocationId: string): Promise<OrderState | undefined>;
  /** Notes how far an order is carried out, if it stands where it stood. @returns whether it did */
  advance(revocationId: string, from: string | undefined, progress: OrderProgress): Promise<boolean>;
}

/** Has revocations gone on with that one call does not carry out. */
export interface Continuations {
  /** @param after seconds to wait before; where it cannot be that long, it is sooner */
  goOnWith(revocationId: string, after: number): Promise<void>;
}
