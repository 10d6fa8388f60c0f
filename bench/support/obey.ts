// The other end of `Child`: a process that does what its parent says, and ends with it.

/** An order with the number by which its answer is known. */
export interface NumberedOrder {
  readonly number: number;
  readonly order: unknown;
}

/** What has come of it: one of the two. */
export interface NumberedAnswer {
  readonly number: number;
  readonly answer?: unknown;
  readonly failure?: string;
}

/** Answers each order of the parent's. What `obey` throws is thrown there. */
export function obeyParent<Order, Answer>(obey: (order: Order) => Promise<Answer>): void {
  process.on("message", ({ number, order }: NumberedOrder) => {
    const send = (answer: Omit<NumberedAnswer, "number">): void => void process.send?.({ number, ...answer });
    obey(order as Order).then(
      (answer) => send({ answer }),
      (error: unknown) => send({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  process.on("disconnect", () => process.exit());
}
