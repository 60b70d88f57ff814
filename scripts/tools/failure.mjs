/** An expected error. The message is one sentence that tells the user what to do. */
export class Failure extends Error {}
