/** Something expected went wrong; the message is the one sentence that tells the reader what to do. */
export class Failure extends Error {}
