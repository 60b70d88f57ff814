/** A work that is never done twice at once: who asks for it while it goes on waits for that one. */
export interface SingleFlight {
  run(): Promise<void>;
  isOn(): boolean;
  /** Gives up the one that goes on: the next does not wait for it. */
  giveUp(): void;
}

export function singleFlight(work: (signal: AbortSignal) => Promise<void>): SingleFlight {
  let flight: { controller: AbortController; done: Promise<void> } | undefined;
  return {
    run() {
      if (flight !== undefined) return flight.done;
      const controller = new AbortController();
      const land = () => {
        if (flight?.controller === controller) flight = undefined;
      };
      flight = { controller, done: work(controller.signal).finally(land) };
      return flight.done;
    },
    isOn: () => flight !== undefined,
    giveUp() {
      flight?.controller.abort();
      flight = undefined;
    },
  };
}
