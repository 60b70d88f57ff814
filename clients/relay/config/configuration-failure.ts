/** Why a configuration file is refused: every fault in it, one sentence each, naming the key as in `tokens[0].source.scope`. */
export class ConfigurationFailure extends Error {
  override readonly name = 'ConfigurationFailure';
  readonly faults: readonly string[];

  constructor(file: string, faults: readonly string[]) {
    super(`${file}: ${faults.join('; ')}`);
    this.faults = faults;
  }
}
